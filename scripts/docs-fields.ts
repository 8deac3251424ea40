// Tables of the fields of a zod schema, from its JSON schema: names, types, bounds, what each is.
// What a schema cannot say of itself is its `description`, and the `title` of its type.
import { z } from 'zod';

/** What of JSON Schema the contracts come out as. */
interface Shape {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
}

export interface Field {
  /** With the names of what it is in: `trailing.tiers[].at`. */
  readonly path: string;
  readonly type: string;
  readonly what: string;
  readonly isRequired: boolean;
  readonly fallback: unknown;
}

/** Fields whose objects have a table of their own, and what leads there. */
type Links = Readonly<Record<string, string>>;

/** The fields of an object's schema, those of the objects in it behind them. */
export function fieldsOf(schema: z.ZodType, links: Links = {}): Field[] {
  const options = { io: 'input', unrepresentable: 'any' } as const;
  return within(z.toJSONSchema(schema, options) as Shape, '', links);
}

function within(shape: Shape, at: string, links: Links): Field[] {
  return Object.entries(shape.properties ?? {}).flatMap(([name, field]) => {
    const path = at + name;
    const link = links[path];
    const own: Field = {
      path,
      type: link === undefined ? typeOf(field) : linked(typeOf(field), link),
      what: field.description ?? '',
      isRequired: shape.required?.includes(name) ?? false,
      fallback: field.default,
    };
    if (link !== undefined) return [own];
    const object = objectIn(field.items ?? field);
    const inner = field.items === undefined ? `${path}.` : `${path}[].`;
    return object === undefined ? [own] : [own, ...within(object, inner, links)];
  });
}

function linked(type: string, link: string): string {
  return type === 'object' ? link : `${type}: ${link}`;
}

/** The object that a field is or may be; of several together what any of them has. */
function objectIn(shape: Shape): Shape | undefined {
  if (shape.properties !== undefined) return shape;
  const [first, ...others] = (shape.anyOf ?? []).filter((one) => one.properties !== undefined);
  if (first === undefined) return undefined;
  const all = [first, ...others];
  const required = (first.required ?? []).filter((name) =>
    all.every((one) => one.required?.includes(name)),
  );
  return { properties: Object.assign({}, ...all.map((one) => one.properties)), required };
}

function typeOf(shape: Shape): string {
  if (shape.title !== undefined) return shape.title;
  if (shape.enum !== undefined) return shape.enum.map(code).join(' or ');
  if (shape.const !== undefined) return code(shape.const);
  if (shape.anyOf !== undefined) return [...new Set(shape.anyOf.map(typeOf))].join(' or ');
  switch (shape.type) {
    case 'boolean':
      return '`true` or `false`';
    case 'integer':
      return `whole number${boundsOf(shape)}`;
    case 'number':
      return `number${boundsOf(shape)}`;
    case 'string':
      return shape.maxLength === undefined ? 'text' : `text, at most ${shape.maxLength}`;
    case 'array':
      return listOf(shape);
    default:
      return 'object';
  }
}

function boundsOf({ minimum, maximum }: Shape): string {
  if (minimum === undefined || maximum === undefined) throw new Error('a number without bounds');
  return `, ${grouped(minimum)} to ${grouped(maximum)}`;
}

function listOf({ minItems = 0, maxItems, items }: Shape): string {
  const from = minItems === 0 ? 'at most' : `${minItems} to`;
  const many = maxItems === undefined ? '' : ` of ${from} ${grouped(maxItems)}`;
  const of = items === undefined ? 'object' : typeOf(items);
  return `list${many}${of === 'object' ? '' : `: ${of}`}`;
}

function grouped(value: number): string {
  return value.toLocaleString('en');
}

export function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** A table in Markdown; a bar in a cell is escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/**
 * The table of fields. `fallbacks` are defaults that the schema does not fill in, by path; one that
 * names no field is a mistake, and thrown.
 */
export function fieldTable(
  fields: readonly Field[],
  fallbacks: Readonly<Record<string, unknown>> = {},
): string {
  const paths = new Set(fields.map(({ path }) => path));
  for (const path of Object.keys(fallbacks)) {
    if (!paths.has(path)) throw new Error(`no field is named ${path}`);
  }
  const rows = fields.map((field) => [
    code(field.path),
    field.type,
    defaultOf(field, fallbacks[field.path]),
    field.what,
  ]);
  return table(['field', 'type', 'default', 'what'], rows);
}

export function defaultOf({ isRequired, fallback }: Field, given: unknown): string {
  if (isRequired) return '*required*';
  const value = given ?? fallback;
  return value === undefined ? '' : code(value);
}
