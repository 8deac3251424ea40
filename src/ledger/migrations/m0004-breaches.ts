// What a breach led to is found by its id, and what of it was sent and has no outcome yet.
import { Migration } from '@mikro-orm/migrations';

const statements = [
  `create index "reconciliation_log_breach_id" on "reconciliation_log"
    (("meta_data"->>'breachId'), "n") where "meta_data"->>'breachId' is not null`,
  'alter table "positions" add column "close_requested_at" timestamptz(3) null',
  'alter table "positions" add column "close_breach_id" text null',
];

export class M0004Breaches extends Migration {
  override up(): void {
    for (const statement of statements) this.addSql(statement);
  }
}
