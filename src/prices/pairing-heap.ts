// Many pairing heaps in one set of typed arrays: two of them meld in constant time, and a node
// leaves its heap in logarithmic amortised time. (Fredman, Sedgewick, Sleator, Tarjan: The pairing
// heap, 1986.)
import { invariant } from '#src/domain/errors';

/** The root of a heap without nodes. */
export const noNode = -1;

const initialCapacity = 16;

/**
 * The heaps know nothing of each other: whoever owns one holds the number of its root, which names
 * the node with the smallest key, and takes the new root from each change.
 */
export class PairingHeaps<Item> {
  private keys = new Float64Array(initialCapacity);
  private children = new Int32Array(initialCapacity);
  /** The next sibling; a node that was removed points to itself. */
  private nexts = new Int32Array(initialCapacity);
  /** The sibling before a node, or its parent where it is the first child. */
  private previous = new Int32Array(initialCapacity);
  private readonly items: (Item | undefined)[] = [];
  private readonly freeNodes: number[] = [];

  /** Makes a heap of one node; the node is its root. */
  create(key: number, item: Item): number {
    const node = this.freeNodes.pop() ?? this.items.length;
    if (node === this.keys.length) this.grow();
    this.items[node] = item;
    this.keys[node] = key;
    this.children[node] = noNode;
    this.nexts[node] = noNode;
    this.previous[node] = noNode;
    return node;
  }

  keyOf(node: number): number {
    return this.keys[node] as number;
  }

  /** The smallest key of the heap of this root; `Infinity` where it is empty. */
  firstOf(root: number): number {
    return root === noNode ? Infinity : (this.keys[root] as number);
  }

  /** Makes one heap of two, and returns its root. Either may be empty. */
  meld(one: number, other: number): number {
    if (one === noNode) return other;
    if (other === noNode) return one;
    const isOneFirst = (this.keys[one] as number) <= (this.keys[other] as number);
    const root = isOneFirst ? one : other;
    const child = isOneFirst ? other : one;
    const sibling = this.children[root] as number;
    this.nexts[child] = sibling;
    if (sibling !== noNode) this.previous[sibling] = child;
    this.previous[child] = root;
    this.children[root] = child;
    return root;
  }

  /** Removes a node from the heap of this root, and returns the new root. */
  remove(root: number, node: number): number {
    invariant(this.nexts[node] !== node && node < this.items.length, 'a removed node is in a heap');
    if (node !== root) this.detach(node);
    const below = this.pairUp(this.children[node] as number);
    this.items[node] = undefined;
    this.nexts[node] = node;
    this.freeNodes.push(node);
    return node === root ? below : this.meld(root, below);
  }

  /**
   * Tells the item of each node whose key is at most `limit`, in no particular order. Looks at
   * those and their children only: as much as it costs to remove what is told. Nothing may be
   * added, melded or removed meanwhile.
   */
  forEachUpTo(root: number, limit: number, tell: (item: Item) => void): void {
    if (root === noNode || (this.keys[root] as number) > limit) return;
    const pending = [root];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      tell(this.items[node] as Item);
      let child = this.children[node] as number;
      while (child !== noNode) {
        if ((this.keys[child] as number) <= limit) pending.push(child);
        child = this.nexts[child] as number;
      }
    }
  }

  private detach(node: number): void {
    const before = this.previous[node] as number;
    invariant(before !== noNode, 'a node that is no root has a parent');
    const after = this.nexts[node] as number;
    if (this.children[before] === node) this.children[before] = after;
    else this.nexts[before] = after;
    if (after !== noNode) this.previous[after] = before;
  }

  /** Makes one heap of siblings: melds them two by two, then those from the last to the first. */
  private pairUp(first: number): number {
    let pairs: number = noNode;
    let node = first;
    while (node !== noNode) {
      const partner = this.nexts[node] as number;
      const following = partner === noNode ? noNode : (this.nexts[partner] as number);
      const pair = this.meld(node, partner);
      this.nexts[pair] = pairs;
      pairs = pair;
      node = following;
    }
    let root: number = noNode;
    while (pairs !== noNode) {
      const following = this.nexts[pairs] as number;
      root = this.meld(root, pairs);
      pairs = following;
    }
    if (root !== noNode) {
      this.nexts[root] = noNode;
      this.previous[root] = noNode;
    }
    return root;
  }

  private grow(): void {
    const capacity = this.keys.length * 2;
    const keys = new Float64Array(capacity);
    keys.set(this.keys);
    this.keys = keys;
    this.children = enlarged(this.children, capacity);
    this.nexts = enlarged(this.nexts, capacity);
    this.previous = enlarged(this.previous, capacity);
  }
}

function enlarged(numbers: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(capacity);
  larger.set(numbers);
  return larger;
}
