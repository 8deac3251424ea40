// A provider in this process that fills every close at once, and tells when it was called.
import { Subject } from 'rxjs';
import type {
  Broker,
  CloseOrder,
  CounterpartCancel,
  ExecutionReport,
  OrderReply,
} from '#src/index';

export class InstantBroker implements Broker {
  readonly reports$ = new Subject<ExecutionReport>();
  /** Price of its fills. */
  price = '1000';
  /** When it was called to close, in the order of the calls. */
  readonly calledAtMs: number[] = [];
  readonly cancels: CounterpartCancel[] = [];

  close({ quantity }: CloseOrder): Promise<OrderReply> {
    this.calledAtMs.push(performance.now());
    return Promise.resolve({ status: 'filled', filledQuantity: quantity, price: this.price });
  }

  cancelCounterpart(cancel: CounterpartCancel): Promise<void> {
    this.cancels.push(cancel);
    return Promise.resolve();
  }
}
