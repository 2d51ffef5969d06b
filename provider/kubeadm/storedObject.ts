// A ConfigMap as etcd holds it, read without an API server: what a snapshot is of has to be known before it is restored. Pure.

/** Kubernetes puts this before what it stores as protobuf. */
const protobufMagic = Buffer.from("k8s\0", "latin1");
const encryptedMagic = "k8s:enc:";

/** The ConfigMap's data; undefined when it is encrypted, so that nobody but the API server reads it. */
export function storedConfigMap(value: Buffer): Record<string, string> | undefined {
  if (value.toString("latin1", 0, encryptedMagic.length) === encryptedMagic) return undefined;
  if (value.subarray(0, protobufMagic.length).equals(protobufMagic)) return protobufData(value);
  // What was stored with --storage-media-type=application/json.
  return (JSON.parse(value.toString("utf8")) as { data?: Record<string, string> }).data ?? {};
}

/** Unknown { TypeMeta = 1, raw = 2 } around ConfigMap { metadata = 1, data = 2 } with entries { key = 1, value = 2 }. */
function protobufData(value: Buffer): Record<string, string> {
  const [object] = chunks(value.subarray(protobufMagic.length), 2);
  const entries = object ? chunks(object, 2) : [];
  return Object.fromEntries(
    entries.map((entry) => [1, 2].map((field) => chunks(entry, field)[0]?.toString("utf8") ?? "") as [string, string]),
  );
}

/** What a message holds under one field number, where that is bytes, text or a message. */
function chunks(message: Buffer, wanted: number): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < message.length; ) {
    const tag = varint(message, at);
    const field = Math.floor(tag.value / 8);
    const kind = tag.value % 8;
    if (kind === 0) at = varint(message, tag.end).end;
    else if (kind === 2) {
      const length = varint(message, tag.end);
      const end = length.end + length.value;
      if (end > message.length) throw new RangeError("a stored object ends before its end");
      if (field === wanted) found.push(message.subarray(length.end, end));
      at = end;
    } else if (kind === 1 || kind === 5) at = tag.end + (kind === 1 ? 8 : 4);
    else throw new RangeError(`a stored object has a field of the unknown kind ${kind}`);
  }
  return found;
}

function varint(message: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  for (let at = start, factor = 1; at < message.length; at += 1, factor *= 128) {
    const byte = message[at] ?? 0;
    value += (byte % 128) * factor;
    if (byte < 128) return { value, end: at + 1 };
  }
  throw new RangeError("a stored object ends inside of a number");
}
