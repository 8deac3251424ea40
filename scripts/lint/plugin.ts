// What this project's design asks of its code, as rules of the linter.
import { boundaries } from './boundaries.ts';
import { noAmbient } from './no-ambient.ts';

export default {
  meta: { name: 'closeout' },
  rules: { boundaries, 'no-ambient': noAmbient },
};
