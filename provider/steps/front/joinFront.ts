import type { NodeContext } from "../kubeadm/context";
import type { Step } from "../step";
import { placeFront } from "./place";

/** On a host that joins; its own API server is not there yet, so it holds nothing before it has joined. */
export const joinFront: Step<NodeContext> = {
  title: "prepare the API's virtual address",
  when: ({ plan }) => plan.front !== undefined,
  run: (context) => placeFront(context, "admin.conf"),
};
