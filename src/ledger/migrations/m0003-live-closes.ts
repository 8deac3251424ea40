// What the tables show of closes that go to a provider: by which route, as which order, and which
// of them failed.
import { Migration } from '@mikro-orm/migrations';

const statements = [
  'alter table "accounts" add column "route" text null',
  'alter table "positions" add column "client_order_id" text null',
  `create table "dead_letters" (
    "close_id" text not null,
    "position_id" text not null,
    "account_id" text not null,
    "reason" text not null,
    "attempts" int not null,
    "last_error" text not null,
    "since" timestamptz(3) not null,
    "ended_at" timestamptz(3) null,
    "how" text null,
    "ended_by" text null,
    "ended_reason" text null,
    primary key ("close_id")
  )`,
  'create index "dead_letters_position_id" on "dead_letters" ("position_id")',
  'create index "dead_letters_account_id" on "dead_letters" ("account_id")',
];

export class M0003LiveCloses extends Migration {
  override up(): void {
    for (const statement of statements) this.addSql(statement);
  }
}
