// Rows of the ReconciliationLog are written once: the database itself refuses to change them.
import { Migration } from '@mikro-orm/migrations';

/**
 * On every statement that could, whether it finds rows or not. ALWAYS, so that a session in the role
 * of a replica is refused too. The owner of the table may still disable the trigger, by its name and
 * on purpose; `closeout verify` finds what was changed meanwhile.
 */
const statements = [
  `create or replace function "reconciliation_log_refuse"() returns trigger language plpgsql as $$
  begin
    raise exception 'rows of reconciliation_log are written once: % is refused', tg_op
      using errcode = 'restrict_violation',
        hint = 'what a row says is corrected by another row, never by a change of it';
  end
  $$`,
  `create trigger "reconciliation_log_append_only"
    before update or delete or truncate on "reconciliation_log"
    for each statement execute function "reconciliation_log_refuse"()`,
  `alter table "reconciliation_log"
    enable always trigger "reconciliation_log_append_only"`,
];

export class M0002AppendOnly extends Migration {
  override up(): void {
    for (const statement of statements) this.addSql(statement);
  }
}
