// Sequence numbers as the feeds of a symbol have given them since the start of a runtime.
interface Counted {
  last: number;
  holes: number;
  missed: number;
  repeats: number;
}

export class SequenceModel {
  private readonly byFeed = new Map<string, Counted>();

  see(feed: string, seq: number): void {
    const known = this.byFeed.get(feed);
    if (known === undefined) {
      this.byFeed.set(feed, { last: seq, holes: 0, missed: 0, repeats: 0 });
      return;
    }
    const ahead = seq - known.last;
    if (ahead <= 0) known.repeats++;
    if (ahead > 1) known.holes++;
    if (ahead > 1) known.missed += ahead - 1;
    known.last = seq;
  }

  of(feed: string): Counted | undefined {
    return this.byFeed.get(feed);
  }
}
