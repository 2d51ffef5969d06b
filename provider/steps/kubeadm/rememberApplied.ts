// Writes down what this node was given: a run that died before that compares and acts again.
import type { Step } from "../step";
import { writeApplied } from "./applied";
import type { NodeContext } from "./context";

export const rememberApplied: Step<NodeContext> = {
  title: "remember what the node was given",
  run: ({ host, plan }) => writeApplied(host, plan),
};
