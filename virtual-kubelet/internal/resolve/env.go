package resolve

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// variables keeps order and lets a later value win, as a kubelet does.
type variables struct {
	names  []string
	values map[string]string
}

func (v *variables) set(name, value string) {
	if _, known := v.values[name]; !known {
		v.names = append(v.names, name)
	}
	v.values[name] = value
}

// Env is a container's whole environment in order: the API server's address, envFrom, env. podIP may be empty where it is not known.
func (r *Resolver) Env(ctx context.Context, pod *corev1.Pod, container *corev1.Container, podIP string) ([]runtime.EnvVar, error) {
	vars := &variables{values: map[string]string{}}
	vars.set("KUBERNETES_SERVICE_HOST", r.host.APIHost)
	vars.set("KUBERNETES_SERVICE_PORT", r.host.APIPort)
	vars.set("KUBERNETES_SERVICE_PORT_HTTPS", r.host.APIPort)
	for i := range container.EnvFrom {
		if err := r.envFrom(ctx, pod, &container.EnvFrom[i], vars); err != nil {
			return nil, err
		}
	}
	for i := range container.Env {
		e := &container.Env[i]
		value, ok, err := r.envValue(ctx, pod, container, e, podIP, vars)
		if err != nil {
			return nil, fmt.Errorf("environment variable %s of container %s: %w", e.Name, container.Name, err)
		}
		if ok {
			vars.set(e.Name, value)
		}
	}
	env := make([]runtime.EnvVar, 0, len(vars.names))
	for _, name := range vars.names {
		env = append(env, runtime.EnvVar{Name: name, Value: vars.values[name]})
	}
	return env, nil
}

func (r *Resolver) envFrom(ctx context.Context, pod *corev1.Pod, from *corev1.EnvFromSource, vars *variables) error {
	var (
		o        *object
		err      error
		kind     string
		name     string
		optional *bool
	)
	switch {
	case from.ConfigMapRef != nil:
		kind, name, optional = "ConfigMap", from.ConfigMapRef.Name, from.ConfigMapRef.Optional
		o, err = r.configMap(ctx, pod, name)
	case from.SecretRef != nil:
		kind, name, optional = "Secret", from.SecretRef.Name, from.SecretRef.Optional
		o, err = r.secret(ctx, pod, name)
	default:
		return nil
	}
	if err != nil {
		return r.missing(pod, kind, name, "", optional, err)
	}
	var invalid []string
	for _, k := range sortedKeys(o.data) {
		if len(validation.IsEnvVarName(from.Prefix+k)) > 0 {
			invalid = append(invalid, k)
			continue
		}
		vars.set(from.Prefix+k, string(o.data[k]))
	}
	if len(invalid) > 0 {
		r.events.Eventf(pod, corev1.EventTypeWarning, "InvalidEnvironmentVariableNames",
			"keys [%s] of %s %s were skipped since they are invalid as environment variable names", strings.Join(invalid, ", "), kind, name)
	}
	return nil
}

func (r *Resolver) envValue(ctx context.Context, pod *corev1.Pod, container *corev1.Container, e *corev1.EnvVar, podIP string, vars *variables) (string, bool, error) {
	from := e.ValueFrom
	switch {
	case from == nil:
		return Expand(e.Value, vars.values), true, nil
	case from.FieldRef != nil:
		value, err := r.field(pod, from.FieldRef.FieldPath, podIP)
		return value, true, err
	case from.ResourceFieldRef != nil:
		value, err := r.resource(pod, from.ResourceFieldRef, container.Name)
		return value, true, err
	case from.ConfigMapKeyRef != nil:
		ref := from.ConfigMapKeyRef
		o, err := r.configMap(ctx, pod, ref.Name)
		return r.keyOf(pod, "ConfigMap", ref.Name, ref.Key, ref.Optional, o, err)
	case from.SecretKeyRef != nil:
		ref := from.SecretKeyRef
		o, err := r.secret(ctx, pod, ref.Name)
		return r.keyOf(pod, "Secret", ref.Name, ref.Key, ref.Optional, o, err)
	}
	return "", false, fmt.Errorf("its valueFrom is of a kind that this agent does not know")
}

func (r *Resolver) keyOf(pod *corev1.Pod, kind, name, key string, optional *bool, o *object, err error) (string, bool, error) {
	if err == nil {
		if value, ok := o.data[key]; ok {
			return string(value), true, nil
		}
	}
	return "", false, r.missing(pod, kind, name, key, optional, err)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
