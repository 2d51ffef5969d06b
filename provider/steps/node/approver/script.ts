// The approver of kubelets' serving certificates, as it lies on a control plane. POSIX sh, kubectl, openssl, od and awk; nothing else.
// It trusts one thing: the list of nodes that the provider wrote into the cluster.

export const approverPath = "/usr/local/lib/pulumi-kubeadm/approve-csrs";

// %q keeps each field on its line and in its column, whatever a requester put into it.
const template =
  '{{range .items}}{{if eq .spec.signerName "kubernetes.io/kubelet-serving"}}{{if not .status.conditions}}' +
  '{{.metadata.name}}{{"\\t"}}{{printf "%q" .spec.username}}{{"\\t"}}{{printf "%q" .spec.groups}}{{"\\t"}}' +
  '{{printf "%q" .spec.usages}}{{"\\t"}}{{.spec.request}}{{"\\n"}}{{end}}{{end}}{{end}}';

export const approverScript = `#!/bin/sh
# Approves requests for kubelet serving certificates whose names and addresses are those of a node in the list
# that the provider keeps in the ConfigMap kube-system/pulumi-kubeadm. Everything else stays pending, with the reason here.
# Managed by pulumi-kubeadm.
set -euf
PATH=\${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
KUBECONFIG=\${KUBECONFIG:-/etc/kubernetes/admin.conf}
export PATH KUBECONFIG
LC_ALL=C
export LC_ALL
umask 077
tab=$(printf '\\t')

kube() { kubectl --cache-dir /run/pulumi-kubeadm/kubectl --request-timeout=20s "$@" </dev/null; }

leave() { echo "left pending: $name: $1"; }

hex() { od -An -v -tx1 | tr -d ' \\n'; }

# Addresses, one a line, as the bytes of a certificate: IPv4 is four of them, IPv6 sixteen.
address_bytes() {
  awk -F. 'function pad(g) { return substr("0000" tolower(g), length(g) + 1) }
    index($0, ":") == 0 { printf "87 %02x%02x%02x%02x\\n", $1, $2, $3, $4; next }
    {
      n = split($0, half, "::"); left = split(half[1], l, ":"); right = (n > 1) ? split(half[2], r, ":") : 0
      out = ""
      for (i = 1; i <= left; i++) out = out pad(l[i])
      if (n > 1) for (i = left + right; i < 8; i++) out = out "0000"
      for (i = 1; i <= right; i++) out = out pad(r[i])
      print "87 " out
    }'
}

# The record of a node: {"addresses":["10.0.0.1"],...}, written by the provider in exactly this form.
allowed_names() {
  echo "82 $(printf '%s' "$1" | hex)"
  kube get configmap -n kube-system pulumi-kubeadm -o "go-template={{index .data \\"node.$1\\"}}" |
    sed -n 's/^{"addresses":\\[\\([^]]*\\)\\].*$/\\1/p' | tr -d '"' | tr ',' '\\n' | address_bytes
}

known() {
  kube get configmap -n kube-system pulumi-kubeadm \\
    -o 'go-template={{range $key, $value := .data}}{{$key}}{{"\\n"}}{{end}}' | grep -qxF "node.$1"
}

# The names a certificate would get, one a line, as tag and bytes. Read as bytes, because in text a name could hold
# a line end or a comma and so hide another one.
requested_names() {
  at=$(openssl asn1parse -in "$csr" | awk -F: '
    /:X509v3 Subject Alternative Name$/ { found++; want = 1; next }
    want && /OCTET STRING/ { print $1 + 0; want = 0 }
    END { if (found != 1) print "none or several" }')
  case $at in *[!0-9]* | '') echo "unreadable"; return ;; esac
  openssl asn1parse -in "$csr" -strparse "$at" -noout -out "$work/names" >/dev/null || { echo "unreadable"; return; }
  hex <"$work/names" | awk '
    function value(at) { return (index(digits, substr($0, at, 1)) - 1) * 16 + index(digits, substr($0, at + 1, 1)) - 1 }
    function size() {
      len = value(p); p += 2
      if (len == 129) { len = value(p); p += 2 } else if (len > 129) len = -1
      return len
    }
    BEGIN { digits = "0123456789abcdef" }
    {
      p = 3; whole = size()
      if (substr($0, 1, 2) != "30" || whole < 1 || p - 1 + whole * 2 != length($0)) { print "unreadable"; exit }
      while (p < length($0)) {
        tag = substr($0, p, 2); p += 2; n = size()
        if (n < 0) { print "unreadable"; exit }
        print tag " " substr($0, p, n * 2); p += n * 2
      }
    }'
}

# Prints why the request in $csr is not that of the node, or nothing.
objection() {
  openssl req -in "$csr" -noout -verify 2>&1 | grep -q 'verify OK' || { echo "its signature is wrong"; return; }
  subject=$(openssl req -in "$csr" -noout -subject -nameopt RFC2253)
  [ "$subject" = "subject=CN=system:node:$1,O=system:nodes" ] || { echo "its subject is not that of node $1"; return; }
  requested_names >"$work/requested"
  [ -s "$work/requested" ] || { echo "it names no host"; return; }
  allowed_names "$1" >"$work/allowed"
  if other=$(grep -vxF -f "$work/allowed" "$work/requested"); then
    echo "it names something else than $1 and its recorded addresses: $(echo $other)"
  fi
}

sorted() { sed 's/^\\["//; s/"\\]$//; s/" "/\\n/g' | sort | tr '\\n' ','; }

judge() {
  case $user in
  '"system:node:'*'"') node=\${user#'"system:node:'}; node=\${node%'"'} ;;
  *) leave "requested by $user, not by a node"; return ;;
  esac
  case $node in *[!a-z0-9.-]* | '') leave "not a node's name: $user"; return ;; esac
  [ "$(printf '%s\\n' "$groups" | sorted)" = "system:authenticated,system:nodes," ] ||
    { leave "groups $groups are not those of a node"; return; }
  case $(printf '%s\\n' "$usages" | sorted) in
  "digital signature,server auth," | "digital signature,key encipherment,server auth,") ;;
  *) leave "usages $usages are not those of a serving certificate"; return ;;
  esac
  known "$node" || { leave "$node is not in the list of nodes"; return; }
  printf '%s' "$request" | base64 -d >"$csr" 2>/dev/null || { leave "its request is unreadable"; return; }
  why=$(objection "$node")
  [ -z "$why" ] || { leave "$why"; return; }
  kube certificate approve "$name" >/dev/null || { leave "the API did not take the approval"; return; }
  echo "approved: $name for $node"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
csr=$work/csr.pem
kube get certificatesigningrequests -o 'go-template=${template}' >"$work/list"
while IFS="$tab" read -r name user groups usages request; do
  judge
done <"$work/list"
`;
