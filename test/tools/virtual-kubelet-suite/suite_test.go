// The virtual-kubelet library's own end-to-end suite as a program. It is only a client of the API, so it keeps the modules of Kubernetes
// that the library was released with; the newer ones of the node agent have no place for what the library's server side needs.
package suite

import (
	"flag"
	"slices"
	"testing"

	"github.com/virtual-kubelet/virtual-kubelet/test/e2e"
)

var (
	kubeconfig = flag.String("kubeconfig", "", "file that says how to reach the API")
	namespace  = flag.String("namespace", "", "where the suite makes its pods")
	node       = flag.String("nodename", "", "the node that is asked")
)

// elsewhere are tests that ask a Pod of the agent's, at a port without authentication, for figures. This agent is no Pod and has no such
// port: test/e2e/virtualPods.test.ts asks the same through the API server's proxy of nodes.
var elsewhere = []string{"TestGetStatsSummary", "TestGetMetricsResource"}

func TestLibrary(t *testing.T) {
	e2e.NewEndToEndTestSuite(e2e.EndToEndTestSuiteConfig{
		Kubeconfig: *kubeconfig, Namespace: *namespace, NodeName: *node,
		ShouldSkipTest: func(name string) bool { return slices.Contains(elsewhere, name) },
	}).Run(t)
}
