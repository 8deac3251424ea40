// The linter's plugin types: it exports them only through its rule tester.
import type { RuleTester } from 'oxlint/plugins-dev';

export type Rule = Extract<Parameters<RuleTester['run']>[1], { create: unknown }> & {
  createOnce?: never;
};
export type Context = Parameters<Rule['create']>[0];
export type Node = Parameters<Context['sourceCode']['getScope']>[0];
