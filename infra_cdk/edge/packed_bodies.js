// CloudFront Function on viewer requests (runtime cloudfront-js-2.0).
//
// An HTTP API hands text bodies to Lambda as UTF-8 and all others as Base64, and decides by Content-Type alone: gzip sent
// as application/json, as RudderStack's library for Python does, would arrive destroyed. A body that says it is packed is
// therefore named as the bytes that it is; the collector reads a packed body whatever its type.
function handler(event) {
  var headers = event.request.headers;
  var encoding = headers['content-encoding'];
  if (encoding && /^(x-)?gzip$/i.test(encoding.value.trim())) {
    headers['content-type'] = { value: 'application/octet-stream' };
  }
  return event.request;
}
