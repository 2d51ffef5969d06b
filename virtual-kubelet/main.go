// Command pulumi-virtual-kubelet is a node agent: it makes a Kubernetes node of a place that runs processes or containers.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"pulumi-kubeadm/virtual-kubelet/internal/agent"
	"pulumi-kubeadm/virtual-kubelet/internal/certificates"
	"pulumi-kubeadm/virtual-kubelet/internal/node"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	var o agent.Options
	level := slog.LevelInfo
	root := &cobra.Command{
		Use: "pulumi-virtual-kubelet", Short: "A Kubernetes node whose pods run somewhere else", Args: cobra.NoArgs,
		SilenceUsage: true, SilenceErrors: true, Version: node.Version,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log := logger(level)
			if os.Getenv("GOGC") == "" {
				// An idle agent is to be small; it does little enough to afford the work.
				debug.SetGCPercent(50)
			}
			a, err := agent.New(cmd.Context(), o, log)
			if err != nil {
				return err
			}
			return a.Run(cmd.Context())
		},
	}
	placeFlags(root, &o)
	root.Flags().StringVar(&o.Kubeconfig, "kubeconfig", os.Getenv("KUBECONFIG"), "file that says how to reach the API, with the node's client certificate")
	root.Flags().StringVar(&o.Config, "config", "node.yaml", "file that says what the node is: capacity, labels, taints, address, ports")
	root.Flags().TextVar(&level, "log-level", slog.LevelInfo, "what is logged: DEBUG, INFO, WARN or ERROR")
	root.AddCommand(csrCommand(), acceptCommand(), cleanCommand(), &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Run: func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), node.Version) },
	})
	return root
}

func placeFlags(c *cobra.Command, o *agent.Options) {
	c.Flags().StringVar(&o.NodeName, "nodename", "", "name of the node")
	c.Flags().StringVar(&o.Provider, "provider", "", "kind of place: cluster, serial, simulated or ssh")
	c.Flags().StringVar(&o.ProviderConfig, "provider-config", "", "file with the provider's settings")
	for _, name := range []string{"nodename", "provider"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err)
		}
	}
}

func csrCommand() *cobra.Command {
	var name, dir string
	c := &cobra.Command{
		Use: "csr", Short: "Make the node's key, if there is none that waits, and print its certificate signing request", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			request, err := certificates.Request(name, dir)
			if err == nil {
				_, err = cmd.OutOrStdout().Write(request)
			}
			return err
		},
	}
	c.Flags().StringVar(&name, "nodename", "", "name of the node")
	certDirFlag(c, &dir)
	if err := c.MarkFlagRequired("nodename"); err != nil {
		panic(err)
	}
	return c
}

func acceptCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use: "accept-certificate", Short: "Install the certificate that is on standard input, if it fits the key that waits for it", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), 1<<20))
			if err != nil {
				return err
			}
			return certificates.Accept(dir, text, time.Now())
		},
	}
	certDirFlag(c, &dir)
	return c
}

func cleanCommand() *cobra.Command {
	var o agent.Options
	c := &cobra.Command{
		Use: "clean", Short: "End everything of the node's at its place, for a node that goes for good", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger(slog.LevelWarn)
			return agent.Clean(cmd.Context(), o.Provider, o.ProviderConfig, o.NodeName)
		},
	}
	placeFlags(c, &o)
	return c
}

func certDirFlag(c *cobra.Command, dir *string) {
	c.Flags().StringVar(dir, "cert-dir", "", "directory of the node's keys and certificates")
	if err := c.MarkFlagRequired("cert-dir"); err != nil {
		panic(err)
	}
}

// logger logs structured lines to standard error, client-go's too.
func logger(level slog.Level) *slog.Logger {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	slog.SetDefault(log)
	klog.SetSlogLogger(log)
	return log
}
