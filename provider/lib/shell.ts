// Arguments become a command line once, at the edge, and nowhere else.

const plain = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** One argument as a POSIX shell reads it back unchanged. */
export function quote(argument: string): string {
  if (argument.includes("\0")) throw new RangeError("a command argument cannot hold a NUL byte");
  // A leading "=" or "~" would be expanded by some shells; the pattern has no "~", and "=" first is quoted.
  if (plain.test(argument) && !argument.startsWith("=")) return argument;
  return `'${argument.replaceAll("'", "'\\''")}'`;
}

export function commandLine(argv: readonly string[]): string {
  if (argv.length === 0) throw new RangeError("a command needs at least its name");
  return argv.map(quote).join(" ");
}
