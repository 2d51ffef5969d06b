// What keeps a DaemonSet that tolerates everything off virtual nodes. Pure.
import type { Document } from "../../lib/merge";
import { virtualType } from "./names";

const notVirtual: Document = { key: virtualType.key, operator: "NotIn", values: [virtualType.value] };

function required(matchExpressions: readonly Document[]): Document {
  return {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
  };
}

export const realNodes = required([notVirtual]);

export const realLinuxNodes = required([{ key: "kubernetes.io/os", operator: "In", values: ["linux"] }, notVirtual]);
