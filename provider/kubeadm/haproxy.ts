// haproxy on every control plane: takes connections to the API and hands each to an API server that is ready.
import { isIPv6 } from "node:net";
import { withPort } from "../lib/endpoint";
import { type FrontPlan, frontDirectory, speakers } from "./front";
import type { HostFile } from "./registries";
import type { Front } from "./spec";

export const haproxyUnitName = "pulumi-kubeadm-haproxy.service";
export const haproxyConfigPath = `${frontDirectory}/haproxy.cfg`;
export const haproxyPidFile = "/run/pulumi-kubeadm-haproxy.pid";

export function haproxyFiles(plan: FrontPlan): HostFile[] {
  return [{ path: haproxyConfigPath, content: haproxyConfig(plan.front), mode: 0o600 }, haproxyUnit()];
}

/** A dead API server costs a client the connect time-out at most, so that is far below what clients wait. */
export function haproxyConfig(front: Front): string {
  const servers = speakers(front).map(({ name, address }) => `    server ${name} ${withPort(address, 6443)}`);
  return `# Written by pulumi-kubeadm; what is changed here is overwritten.
global
    log stdout format raw local0 notice
    user haproxy
    group haproxy
    chroot /var/lib/haproxy
    maxconn 8000
    # After a reload the old process keeps its connections, but not for ever.
    hard-stop-after 1h

defaults
    mode tcp
    log global
    timeout connect 500ms
    # One that is slow to answer is not dead: its connections stay.
    timeout check 3s
    # Watches and kubectl exec may be silent for long; what is dead is found by keepalives.
    timeout client 4h
    timeout server 4h
    option clitcpka
    option srvtcpka
    retries 2
    option redispatch 1

frontend kubernetes-api
    bind ${isIPv6(front.address) ? ":::" : "*:"}${front.port}${isIPv6(front.address) ? " v4v6" : ""}
    default_backend api-servers

backend api-servers
    balance leastconn
    option httpchk GET /readyz
    http-check expect status 200
    # The certificate is the client's to check: it goes through unopened. It does not exist yet before the first init.
    # Connections to a server that went away are closed, or clients would wait for their own time-outs.
    default-server check check-ssl verify none inter 1s fall 3 rise 1 on-marked-down shutdown-sessions
${servers.join("\n")}
`;
}

function haproxyUnit(): HostFile {
  const content = `[Unit]
Description=Kubernetes API: connections spread over the control planes (haproxy)
Wants=network-online.target
After=network-online.target
# Tried for ever, as nobody is there to start it again.
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStartPre=/usr/sbin/haproxy -c -q -f ${haproxyConfigPath}
ExecStart=/usr/sbin/haproxy -Ws -f ${haproxyConfigPath} -p ${haproxyPidFile}
ExecReload=/usr/sbin/haproxy -c -q -f ${haproxyConfigPath}
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
SuccessExitStatus=143
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
  return { path: `/etc/systemd/system/${haproxyUnitName}`, content, mode: 0o644 };
}
