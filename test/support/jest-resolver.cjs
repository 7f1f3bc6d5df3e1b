// Sources import each other by the name that the compiled file will have (`./define-mod.js`); tests run the TypeScript. So where
// no such file stands, its source is taken. Everything else resolves as jest does it.
const SOURCES = [
  [/\.js$/, [".ts", ".tsx"]],
  [/\.mjs$/, [".mts"]],
  [/\.cjs$/, [".cts"]],
];

module.exports = function resolve(request, options) {
  try {
    return options.defaultResolver(request, options);
  } catch (error) {
    if (!request.startsWith(".")) throw error;
    for (const [ending, replacements] of SOURCES) {
      if (!ending.test(request)) continue;
      for (const replacement of replacements) {
        try {
          return options.defaultResolver(request.replace(ending, replacement), options);
        } catch {
          // The first error is the one to show.
        }
      }
    }
    throw error;
  }
};
