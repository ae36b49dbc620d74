export async function load(url, context, next) {
  return next(url, url.endsWith(".json") ? {...context, importAttributes: {type: "json"}} : context);
}
