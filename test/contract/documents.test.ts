// Programs in the documents are true: they pass the compiler against the package's own types.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import ts from "typescript";
import { projectDir } from "./providerProcess";

const adrs = readdirSync(join(projectDir, "docs/adr")).map((name) => `docs/adr/${name}`);
const documents = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/virtual-nodes/README.md", ...adrs];
const textOf = (path: string): string => readFileSync(join(projectDir, path), "utf8");

const prelude = `import * as kubeadm from "pulumi-kubeadm";\ndeclare const cluster: kubeadm.K8sCluster;\n`;

/** A block without imports goes on where another one stopped. */
function programs(path: string): [name: string, text: string][] {
  const blocks = [...textOf(path).matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = ""]) => text);
  return blocks.map((text, index) => {
    const whole = text.startsWith("import ") ? text : prelude + text;
    return [join(projectDir, `${path.replaceAll(/\W/g, "-")}-${index + 1}.ts`), `${whole}\nexport {};\n`];
  });
}

function complaints(sources: ReadonlyMap<string, string>): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (file) => sources.has(file) || fileExists(file);
  host.readFile = (file) => sources.get(file) ?? readFile(file);
  host.getSourceFile = (file, version, ...rest) => {
    const text = sources.get(file);
    return text === undefined ? getSourceFile(file, version, ...rest) : ts.createSourceFile(file, text, version);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
}

test("programs in the documents compile", () => {
  const sources = new Map(documents.flatMap(programs));
  assert.ok(sources.size >= 3, `${sources.size} programs found`);
  assert.deepEqual(complaints(sources), []);
});

test("a wrong argument in one of them would be named", () => {
  const wrong = new Map([
    [join(projectDir, "wrong.ts"), `${prelude}new kubeadm.WorkerNode("w", { cluster, lables: {} });`],
  ]);
  assert.match(complaints(wrong).join("\n"), /lables/);
});

test("links between documents lead somewhere", () => {
  const broken = documents.flatMap((path) =>
    [...textOf(path).matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
      .map(([, link = ""]) => link)
      .filter((link) => !existsSync(join(projectDir, dirname(path), link)))
      .map((link) => `${path}: ${link}`),
  );
  assert.deepEqual(broken, []);
});
