package cri

import (
	"context"
	"encoding/json"
	"os"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	criapi "k8s.io/cri-api/pkg/apis"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const (
	// slice is the parent of all containers where systemd manages control groups, group elsewhere.
	slice = "virtualkubelet.slice"
	group = "/virtualkubelet"
)

// cgroupParent is by the runtime's driver. Runtimes that are older than the question tell it in their configuration.
func cgroupParent(ctx context.Context, rt criapi.RuntimeService) (string, error) {
	config, err := rt.RuntimeConfig(ctx)
	switch {
	case err == nil && config.GetLinux() != nil:
		if config.GetLinux().GetCgroupDriver() == runtimeapi.CgroupDriver_SYSTEMD {
			return slice, nil
		}
		return group, nil
	case err != nil && status.Code(err) != codes.Unimplemented:
		return "", err
	}
	answer, err := rt.Status(ctx, true)
	if err != nil {
		return "", err
	}
	if toldSystemd(answer.GetInfo()["config"]) {
		return slice, nil
	}
	return group, nil
}

// toldSystemd reads containerd's configuration as its status shows it.
func toldSystemd(text string) bool {
	var config struct {
		SystemdCgroup bool `json:"systemdCgroup"`
		Containerd    struct {
			DefaultRuntimeName string `json:"defaultRuntimeName"`
			Runtimes           map[string]struct {
				Options map[string]any `json:"options"`
			} `json:"runtimes"`
		} `json:"containerd"`
	}
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		return false
	}
	told, _ := config.Containerd.Runtimes[config.Containerd.DefaultRuntimeName].Options["SystemdCgroup"].(bool)
	return told || config.SystemdCgroup
}

// unified says whether the machine has control groups of version 2 alone.
func unified() bool {
	_, err := os.Stat("/sys/fs/cgroup/cgroup.controllers")
	return err == nil
}
