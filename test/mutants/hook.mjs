// Loaded first in every thread of a test run: puts one planted bug into the module it is for, as that is loaded.
import { register } from 'node:module';

register(`data:text/javascript,${encodeURIComponent(`
  const mutant = ${process.env['DEEPWATER_MUTANT']};
  export async function load(url, context, next) {
    const loaded = await next(url, context);
    if (!url.endsWith('/' + mutant.file)) return loaded;
    const source = String(loaded.source);
    if (source.split(mutant.find).length !== 2) throw new Error('the planted bug does not fit ' + url);
    return { ...loaded, source: source.replace(mutant.find, () => mutant.replace) };
  }
`)}`);
