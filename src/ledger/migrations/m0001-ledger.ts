// The first schema of the ledger.
import { Migration } from '@mikro-orm/migrations';

const statements = [
  `create table "reconciliation_log" (
    "id" text not null,
    "n" bigint not null,
    "close_id" text null,
    "user_id" text not null,
    "event_type" text not null,
    "description" text not null,
    "meta_data" jsonb not null,
    "status" smallint not null,
    "created_at" timestamptz(3) not null,
    "partition" smallint not null,
    "seq" bigint not null,
    "prev_hash" text not null,
    "hash" text not null,
    "position_id" text null,
    "bulk_id" text null,
    primary key ("id")
  )`,
  'alter table "reconciliation_log" add constraint "reconciliation_log_n" unique ("n")',
  'create index "reconciliation_log_close_id" on "reconciliation_log" ("close_id")',
  'create index "reconciliation_log_position_id" on "reconciliation_log" ("position_id")',
  'create index "reconciliation_log_user_id" on "reconciliation_log" ("user_id", "n")',
  'create index "reconciliation_log_bulk_id" on "reconciliation_log" ("bulk_id", "n")',
  'create index "reconciliation_log_event_type" on "reconciliation_log" ("event_type", "n")',
  `create table "positions" (
    "position_id" text not null,
    "account_id" text not null,
    "ticket" jsonb null,
    "symbol" text not null,
    "side" text not null,
    "quantity" numeric not null,
    "remaining_quantity" numeric not null,
    "entry_price" numeric not null,
    "opened_at" timestamptz(3) not null,
    "exits" jsonb not null,
    "stop_loss_id" text null,
    "take_profit_id" text null,
    "close_order_id" text null,
    "state" text not null,
    "close_id" text null,
    "close_reason" text null,
    "outcome" text null,
    "closed_price" numeric null,
    "pnl" numeric null,
    "commission" numeric null,
    "closed_at" timestamptz(3) null,
    "tracked_n" bigint not null,
    "updated_n" bigint not null,
    primary key ("position_id")
  )`,
  'create index "positions_account_id" on "positions" ("account_id")',
  `create table "accounts" (
    "account_id" text not null,
    "currency" text not null,
    "mode" text not null,
    "preset" text null,
    "rules" jsonb not null,
    "balance" numeric not null,
    "initial_balance" numeric not null,
    "state" text not null,
    "halt" jsonb null,
    "warned" jsonb not null,
    "created_at" timestamptz(3) not null,
    "updated_n" bigint not null,
    primary key ("account_id")
  )`,
  `create table "command_replies" (
    "client" text not null,
    "message_id" text not null,
    "request_hash" text not null,
    "reply" jsonb null,
    "pending" jsonb null,
    "expires_at" timestamptz(3) not null,
    primary key ("client", "message_id")
  )`,
  'create index "command_replies_expires_at" on "command_replies" ("expires_at")',
  `create table "ledger_cursor" (
    "id" smallint not null,
    "directory_id" text not null,
    "last_n" bigint not null,
    "heads" jsonb not null,
    primary key ("id")
  )`,
];

export class M0001Ledger extends Migration {
  override up(): void {
    for (const statement of statements) this.addSql(statement);
  }
}
