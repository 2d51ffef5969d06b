// Reads the project's own TypeScript: what each file imports and what it says to the console.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import ts from "typescript";
import { projectDir } from "../../tools/versions";

export interface Import {
  /** Path from the project's root, or the name of a package. */
  from: string;
  typeOnly: boolean;
  names: string[];
}

export interface Source {
  path: string;
  imports: Import[];
  /** Names of constants declared as a Step. */
  steps: string[];
  /** Lines that use the console. */
  consoles: number[];
}

const roots = ["components", "provider"];

export function sources(): Source[] {
  const inside = roots.flatMap((root) =>
    readdirSync(join(projectDir, root), { recursive: true, encoding: "utf8" }).map((path) => `${root}/${path}`),
  );
  return ["index.ts", ...inside].filter((path) => path.endsWith(".ts")).map(read);
}

function read(path: string): Source {
  const file = ts.createSourceFile(path, readFileSync(join(projectDir, path), "utf8"), ts.ScriptTarget.ES2023, true);
  const source: Source = { path, imports: [], steps: [], consoles: [] };
  const visit = (node: ts.Node): void => {
    note(node, file, source);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return source;
}

function note(node: ts.Node, file: ts.SourceFile, source: Source): void {
  if (ts.isImportDeclaration(node)) source.imports.push(imported(source.path, node));
  else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    source.imports.push({
      from: resolved(source.path, node.moduleSpecifier.text),
      typeOnly: node.isTypeOnly,
      names: [],
    });
  } else if (ts.isCallExpression(node) && isImportCall(node)) {
    const [first] = node.arguments;
    if (first && ts.isStringLiteral(first)) {
      source.imports.push({ from: resolved(source.path, first.text), typeOnly: false, names: [] });
    }
  } else if (ts.isVariableDeclaration(node) && node.type?.getText(file).startsWith("Step<")) {
    source.steps.push(node.name.getText(file));
  } else if (ts.isPropertyAccessExpression(node) && node.expression.getText(file) === "console") {
    source.consoles.push(file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1);
  }
}

function imported(path: string, { importClause, moduleSpecifier }: ts.ImportDeclaration): Import {
  const from = resolved(path, (moduleSpecifier as ts.StringLiteral).text);
  const bindings = importClause?.namedBindings;
  const elements = bindings && ts.isNamedImports(bindings) ? [...bindings.elements] : [];
  const wholeType = importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
  const onlyTypes = elements.length > 0 && !importClause?.name && elements.every((element) => element.isTypeOnly);
  const names = elements
    .filter((element) => !element.isTypeOnly)
    .map((element) => (element.propertyName ?? element.name).text);
  return { from, typeOnly: wholeType || onlyTypes, names: wholeType ? [] : names };
}

function isImportCall({ expression }: ts.CallExpression): boolean {
  return (
    expression.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(expression) && expression.text === "require")
  );
}

function resolved(path: string, specifier: string): string {
  return specifier.startsWith(".") ? normalize(join(dirname(path), specifier)) : specifier;
}
