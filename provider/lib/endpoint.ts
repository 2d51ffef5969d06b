// "host:port" of an API. Pure.

/** A bare IPv6 address gets its brackets; a port that is there already stays. */
export function withPort(endpoint: string, port = 6443): string {
  if (/^\[.+\]:\d+$/.test(endpoint) || /^[^:]+:\d+$/.test(endpoint)) return endpoint;
  if (endpoint.startsWith("[")) return `${endpoint}:${port}`;
  return endpoint.includes(":") ? `[${endpoint}]:${port}` : `${endpoint}:${port}`;
}

/** The host of "host:port", without brackets. */
export function hostOf(endpoint: string): string {
  return endpoint.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
}
