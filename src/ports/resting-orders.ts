// Orders of an account that wait in the market, as far as somebody keeps them.
export interface RestingOrders {
  /** Cancels all of an account's, for a breach. It must not throw, and is not waited for. */
  cancelAll(accountId: string, breachId: string): void;
}
