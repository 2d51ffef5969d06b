package cri

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// dnsConfig is the machine's own resolver (nil: the runtime copies it), with what the pod adds, or the pod's alone. The cluster's DNS is
// a service, and nothing leads to services on this machine.
func dnsConfig(pod *corev1.Pod, resolver string) *runtimeapi.DNSConfig {
	own := pod.Spec.DNSConfig
	if own == nil {
		return nil
	}
	config := &runtimeapi.DNSConfig{}
	if pod.Spec.DNSPolicy != corev1.DNSNone {
		config = readResolver(resolver)
	}
	config.Servers = append(config.Servers, own.Nameservers...)
	config.Searches = append(config.Searches, own.Searches...)
	for _, option := range own.Options {
		text := option.Name
		if option.Value != nil {
			text += ":" + *option.Value
		}
		config.Options = append(config.Options, text)
	}
	return config
}

// readResolver understands resolv.conf(5); a machine without one has no servers.
func readResolver(file string) *runtimeapi.DNSConfig {
	config := &runtimeapi.DNSConfig{}
	text, _ := os.ReadFile(file)
	for _, line := range strings.Split(string(text), "\n") {
		switch words := strings.Fields(line); {
		case len(words) < 2:
		case words[0] == "nameserver":
			config.Servers = append(config.Servers, words[1])
		case words[0] == "search":
			config.Searches = words[1:]
		case words[0] == "options":
			config.Options = append(config.Options, words[1:]...)
		}
	}
	return config
}

// machineAddress is the IP of pods in the machine's own network.
func machineAddress() string {
	address, err := utilnet.ChooseHostInterface()
	if err != nil {
		return ""
	}
	return address.String()
}

// hostsFile is a pod's /etc/hosts. In the machine's own network it begins with the machine's.
func (m *machine) hostsFile(pod runtime.PodSpec, ip string) (string, error) {
	var text strings.Builder
	if pod.Pod.Spec.HostNetwork {
		own, err := os.ReadFile("/etc/hosts")
		if err != nil {
			return "", err
		}
		text.Write(own)
	} else {
		text.WriteString("# Managed by the node agent.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n")
		if ip != "" {
			fmt.Fprintf(&text, "%s\t%s\n", ip, hostname(pod.Pod))
		}
	}
	for _, alias := range pod.Pod.Spec.HostAliases {
		fmt.Fprintf(&text, "%s\t%s\n", alias.IP, strings.Join(alias.Hostnames, "\t"))
	}
	file := filepath.Join(m.podDirectory(pod.Pod.UID), "hosts")
	if was, err := os.ReadFile(file); err == nil && string(was) == text.String() {
		return file, nil
	}
	// Written in place: containers that run have this very file mounted.
	if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
		return "", err
	}
	return file, os.Chmod(file, 0o644)
}
