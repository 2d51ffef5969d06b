// keepalived on every control plane: the virtual address lies on one whose own API server is ready.
import { isIPv6 } from "node:net";
import { type FrontPlan, frontDirectory, ownAddress, speakers, withPrefix } from "./front";
import { haproxyPidFile, haproxyUnitName } from "./haproxy";
import type { HostFile } from "./registries";

export const keepalivedUnitName = "pulumi-kubeadm-keepalived.service";
export const keepalivedConfigPath = `${frontDirectory}/keepalived.conf`;
const checkPath = `${frontDirectory}/check`;

export function keepalivedFiles(plan: FrontPlan): HostFile[] {
  return [
    { path: keepalivedConfigPath, content: keepalivedConfig(plan), mode: 0o600 },
    // keepalived runs nothing that others than root may write to.
    { path: checkPath, content: checkScript(plan), mode: 0o700 },
    keepalivedUnit(plan),
  ];
}

/**
 * All start as backups and none takes the address from one that holds it, so it moves only when its holder fails. Version 3
 * has advertisements twice a second: a holder that dies is missed after less than two.
 */
export function keepalivedConfig({ front, node, interface: link }: FrontPlan): string {
  const own = ownAddress(front.members[node] ?? "", front.address) ?? "";
  const peers = speakers(front)
    .filter(({ name }) => name !== node)
    .map(({ address }) => address);
  return `# Written by pulumi-kubeadm; what is changed here is overwritten.
global_defs {
    router_id ${node}
    vrrp_version 3
    vrrp_priority -10
    # Neighbours that missed the first announcements.
    vrrp_garp_master_refresh 30
    enable_script_security
    script_user root
}

vrrp_script api_server {
    script "${checkPath}"
    interval 1
    timeout 5
    # haproxy passes it by before that; a slow API server is better than an address that nobody has.
    fall 3
    rise 1
    init_fail
}

vrrp_instance kubernetes_api {
    state BACKUP
    nopreempt
    interface ${link}
    virtual_router_id ${front.virtualRouterId}
    priority ${priority(own)}
    advert_int 0.5
${unicast(own, peers)}    virtual_ipaddress {
        ${withPrefix(front.address)} dev ${link}
    }
    track_script {
        api_server
    }
}
`;
}

/**
 * Without anybody in the list keepalived would speak multicast, and give the address up for a moment at each change from one way to the
 * other; so one that is alone speaks to its loopback, where nobody listens.
 */
function unicast(own: string, peers: readonly string[]): string {
  const loopback = isIPv6(own) ? "::1" : "127.0.0.1";
  const list = (peers.length > 0 ? peers : [loopback]).map((peer) => `        ${peer}\n`).join("");
  return `    unicast_src_ip ${own}\n    unicast_peer {\n${list}    }\n`;
}

/**
 * From the address alone, 1 to 250: others that come and go change nobody's. Which backup is first matters little, only that not all
 * are at once; where two are, the higher address wins.
 */
function priority(address: string): number {
  let hash = 0;
  for (const character of address) hash = (hash * 31 + character.charCodeAt(0)) % 250;
  return 1 + ((hash * 97) % 250);
}

/** openssl, as hosts have it anyway, and curl they may not. Run every second: no program is started that the shell can do without. */
function checkScript({ front, node }: FrontPlan): string {
  const address = ownAddress(front.members[node] ?? "", front.address) ?? "";
  const server = `${address.includes(":") ? `[${address}]` : address}:6443`;
  return `#!/bin/sh
# Whether this host may hold the API's address: its own API server is ready, and haproxy runs.
read -r pid <${haproxyPidFile}
kill -0 "$pid" 2>/dev/null || exit 1
printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' |
  timeout 4 openssl s_client -quiet -verify_quiet -verify_return_error -CAfile /etc/kubernetes/pki/ca.crt \\
    -connect '${server}' 2>/dev/null | {
  read -r answer
  case "$answer" in
    "HTTP/1."?" 200"*) exit 0 ;;
  esac
  exit 1
}
`;
}

function keepalivedUnit({ front, interface: link }: FrontPlan): HostFile {
  const files = "--pid=/run/pulumi-kubeadm-keepalived.pid --vrrp_pid=/run/pulumi-kubeadm-keepalived-vrrp.pid";
  const content = `[Unit]
Description=Kubernetes API: the virtual address (keepalived)
Wants=network-online.target
After=network-online.target ${haproxyUnitName}
# Tried for ever, as nobody is there to start it again.
StartLimitIntervalSec=0

[Service]
ExecStartPre=/usr/sbin/keepalived --config-test --use-file=${keepalivedConfigPath}
ExecStart=/usr/sbin/keepalived --dont-fork --log-console --vrrp --use-file=${keepalivedConfigPath} ${files}
ExecReload=/usr/sbin/keepalived --config-test --use-file=${keepalivedConfigPath}
ExecReload=/bin/kill -HUP $MAINPID
# Killed, it leaves the address behind; two hosts would answer to it.
ExecStopPost=-/bin/sh -c 'ip address del ${withPrefix(front.address)} dev ${link} 2>/dev/null'
Restart=always
RestartSec=1
OOMScoreAdjust=-900
NoNewPrivileges=yes
ProtectHome=yes
ProtectSystem=full
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
`;
  return { path: `/etc/systemd/system/${keepalivedUnitName}`, content, mode: 0o644 };
}
