// Many rows in one statement: they go to the database as one JSON text, which it takes apart itself.
// A tuple of literals a row costs this thread, and the parser over there, several times as much.
import type { EntityName } from '@mikro-orm/core';
import { invariant } from '#src/domain/errors';
import type { SqlEntityManager } from '@mikro-orm/postgresql';

interface Column {
  /** Of the row here. */
  readonly key: string;
  /** In the table. */
  readonly name: string;
  readonly type: string;
}

/** Inserts rows; where `key` is given, a row that is there under the same key is replaced. */
export async function insertRows<Row extends object>(
  em: SqlEntityManager,
  entity: EntityName<Row>,
  rows: readonly Row[],
  key: readonly (keyof Row & string)[] = [],
): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = columnsOf(em, entity, Object.keys(first));
  const names = columns.map(({ name }) => `"${name}"`);
  const replaced = columns.filter(({ key: own }) => !(key as readonly string[]).includes(own));
  const keyNames = columnsOf(em, entity, key).map(({ name }) => `"${name}"`);
  const onConflict =
    key.length === 0
      ? ''
      : `on conflict (${keyNames.join()}) do update set
         ${replaced.map(({ name }) => `"${name}" = excluded."${name}"`).join()}`;
  await em.execute(
    `insert into "${tableOf(em, entity)}" (${names.join()})
     select ${columns.map(({ key: own }) => `r."${own}"`).join()}
     from ${recordset(columns)} ${onConflict}`,
    [JSON.stringify(rows)],
    'run',
  );
}

/** Sets the columns that the rows have; a row that is not in the table stays away. */
export async function updateRows<Row extends object>(
  em: SqlEntityManager,
  entity: EntityName<Row>,
  key: keyof Row & string,
  rows: readonly Partial<Row>[],
): Promise<void> {
  for (const group of grouped(rows)) {
    const columns = columnsOf(em, entity, Object.keys(group[0] ?? {}));
    const set = columns.filter(({ key: own }) => own !== key);
    const by = columns.find(({ key: own }) => own === key);
    invariant(by !== undefined, 'a changed row has its key');
    await em.execute(
      `update "${tableOf(em, entity)}" as t
       set ${set.map(({ key: own, name }) => `"${name}" = r."${own}"`).join()}
       from ${recordset(columns)} where t."${by.name}" = r."${key}"`,
      [JSON.stringify(group)],
      'run',
    );
  }
}

/** Rows of the same columns, together. */
function grouped<Row extends object>(rows: readonly Row[]): Iterable<Row[]> {
  return Map.groupBy(rows, (row) => Object.keys(row).sort().join()).values();
}

function recordset(columns: readonly Column[]): string {
  const typed = columns.map(({ key, type }) => `"${key}" ${type}`);
  return `json_to_recordset(?::json) as r(${typed.join()})`;
}

function tableOf<Row extends object>(em: SqlEntityManager, entity: EntityName<Row>): string {
  return em.getMetadata(entity).tableName;
}

function columnsOf<Row extends object>(
  em: SqlEntityManager,
  entity: EntityName<Row>,
  keys: readonly string[],
): Column[] {
  const { properties } = em.getMetadata(entity);
  return keys.map((key) => {
    const { fieldNames, columnTypes } = properties[key as keyof typeof properties];
    const [name] = fieldNames;
    const [type] = columnTypes;
    invariant(name !== undefined && type !== undefined, `${key} is a column`);
    return { key, name, type };
  });
}
