import { dialects } from '../adapters/index.ts';
import { describeMatrix } from './conformance/matrix-suite.ts';

describeMatrix(dialects, { room: 'it speaks of rooms only' });
