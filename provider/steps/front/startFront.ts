import type { NodeContext } from "../kubeadm/context";
import type { Step } from "../step";
import { placeFront } from "./place";

/** Before the first init: nobody holds the address yet, and kubeadm reaches it as soon as this host's API server is ready. */
export const startFront: Step<NodeContext> = {
  title: "start the API's virtual address",
  when: ({ plan }) => plan.front !== undefined,
  run: (context) => placeFront(context, "super-admin.conf"),
};
