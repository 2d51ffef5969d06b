// Routes, names, ports and firewalls of one host.
import { type Check, isOurs } from "./check";
import { portsOf } from "./table";

export const hasDefaultRoute: Check = ({ facts: { routes, programs } }) => {
  // Without `ip` nobody knows; that is a problem of its own.
  if (routes.length > 0 || !programs.ip) return [];
  return [
    {
      check: "DefaultRoute",
      text: "has no default route, without which pods in the host's network cannot reach a Service",
      remedy:
        "add one, on an isolated network to any address of it: `ip route add default via ADDRESS`, and make it permanent",
    },
  ];
};

export const resolvesItsOwnName: Check = ({ facts, hostname }) => {
  // A name that is yet to be set is put into /etc/hosts with it.
  if (facts.resolves.length > 0 || (hostname !== undefined && hostname !== facts.hostname)) return [];
  return [
    {
      check: "Hostname",
      text: `does not resolve its own name, ${facts.hostname}`,
      remedy: "add the name to its /etc/hosts, or to its name server",
    },
  ];
};

/** CoreDNS ends at once with "no nameservers found", and nothing in the cluster resolves a name. */
export const hasNameserver: Check = ({ facts: { nameservers } }) => {
  if (nameservers.length > 0) return [];
  return [
    {
      check: "Nameserver",
      text: "has no name server in its resolv.conf, without which CoreDNS does not start on it",
      remedy:
        "add one, on an isolated network any address will do; or waive this and give the kubelet another `resolvConf`",
    },
  ];
};

export const addressIsItsOwn: Check = ({ facts: { addresses }, address }) => {
  if (addresses.length === 0 || addresses.some((own) => own.address === address)) return [];
  const own = addresses.filter(({ scope }) => scope === "global").map((a) => a.address);
  return [
    {
      check: "Address",
      text: `does not have the node's address ${address}`,
      remedy: `set the node's \`address\` to one of its own: ${own.join(", ")}`,
    },
  ];
};

export const portsAreFree: Check = (candidate, fleet) => {
  if (isOurs(candidate, fleet)) return [];
  const wanted = portsOf(candidate.controlPlane, fleet.virtualIp?.port);
  return candidate.facts.listening
    .filter(({ port }) => wanted.includes(port))
    .map(({ port, process, pid }) => ({
      check: `Port-${port}`,
      text: `has TCP port ${port} in use${process ? ` by ${process} (pid ${pid})` : ""}`,
      remedy: `stop what listens there (\`ss -ltnp 'sport = :${port}'\` shows it)`,
    }));
};

export const firewallIsOpen: Check = ({ facts: { firewalls }, controlPlane }, { virtualIp }) =>
  firewalls.map((name) => ({
    check: "Firewall",
    warning: true,
    text: `has ${name} switched on, which is left as it is`,
    remedy: `allow TCP ${controlPlane ? "6443, 2379-2380, " : ""}10250, ${controlPlane && virtualIp ? `TCP ${virtualIp.port} and VRRP (IP protocol 112), ` : ""}the CNI's traffic between nodes (Flannel: UDP 8472) and the pod network`,
  }));
