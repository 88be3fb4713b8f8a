/** What a gateway of the tests says at `/metrics`. */
import { samplesIn, sumOf } from './metric-catalogue.ts';

export async function metricsOf({ http }: { readonly http: string }) {
  const text = await (await fetch(`${http}/metrics`)).text();
  const samples = samplesIn(text);
  return {
    text,
    /** Undefined where there is no such series. */
    value: (name: string, labels: Readonly<Record<string, string>> = {}) => sumOf(samples, name, labels),
  };
}
