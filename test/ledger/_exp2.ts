import { Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/pglite';
import { entities, CursorEntity } from '../../src/ledger/entities.ts';
import { migrations } from '../../src/ledger/migrations/index.ts';
const orm = new MikroORM({ entities, extensions: [Migrator], migrations: { migrationsList: migrations, tableName: 'ledger_migrations', snapshot: false }, timezone: 'Z', ensureDatabase: false, dbName: '/tmp/pgl2', debug: true, colors: false });
const em = orm.em.fork();
setTimeout(() => process.exit(1), 20000);
await em.transactional(async (tx) => {
    await tx.execute('select pg_advisory_xact_lock(?)', [1]);
    const transaction = tx.getTransactionContext();
    console.log('before migr', typeof transaction, transaction?.constructor?.name); const up = (orm.migrator as any).runInTransaction; (orm.migrator as any).runInTransaction = function(...a: any[]) { console.log('RIT', a[0] === transaction); return up.apply(this, a); }; const te=(orm.migrator as any).storage; const et=te.ensureTable; te.ensureTable=function(){console.log('ensureTable', this); return et.call(this)}; console.log(Object.keys(te));
    await orm.migrator.up({ transaction });
});
