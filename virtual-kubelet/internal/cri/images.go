package cri

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/authn/kubernetes"
	"github.com/google/go-containerregistry/pkg/name"
	corev1 "k8s.io/api/core/v1"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"

	"pulumi-kubeadm/virtual-kubelet/internal/runtime"
)

// image has the container's image there, by its pull policy.
func (m *machine) image(ctx context.Context, rt *services, pod runtime.PodSpec, c *corev1.Container, sandbox *runtimeapi.PodSandboxConfig) (*runtimeapi.Image, error) {
	ref, err := name.ParseReference(c.Image, name.WeakValidation)
	if err != nil {
		return nil, runtime.NotStarted{Reason: "InvalidImageName", Message: fmt.Sprintf("image %q: %v", c.Image, err)}
	}
	spec := &runtimeapi.ImageSpec{Image: c.Image, UserSpecifiedImage: c.Image}
	found, err := rt.images.ImageStatus(ctx, spec, false)
	if err != nil {
		return nil, failed(err)
	}
	there := found.GetImage()
	policy := pullPolicy(c, ref)
	switch {
	case policy == corev1.PullNever && there == nil:
		return nil, runtime.NotStarted{Reason: "ErrImageNeverPull", Message: fmt.Sprintf("Container image %q is not present with pull policy of Never", c.Image)}
	case policy != corev1.PullAlways && there != nil, policy == corev1.PullNever:
		m.images.used(there.GetId())
		return there, nil
	}
	return m.bring(ctx, rt, pod, ref, spec, sandbox)
}

// bring pulls an image. It is the node's own only when nobody had the same under another name: runtimes remove an image with all its names.
func (m *machine) bring(ctx context.Context, rt *services, pod runtime.PodSpec, ref name.Reference, spec *runtimeapi.ImageSpec, sandbox *runtimeapi.PodSandboxConfig) (*runtimeapi.Image, error) {
	before, err := rt.images.ListImages(ctx, &runtimeapi.ImageFilter{})
	if err != nil {
		return nil, failed(err)
	}
	if err := m.pull(ctx, rt, pod, ref, spec, sandbox); err != nil {
		return nil, err
	}
	found, err := rt.images.ImageStatus(ctx, spec, false)
	if err != nil {
		return nil, failed(err)
	}
	image := found.GetImage()
	if image == nil {
		return nil, runtime.NotStarted{Reason: "ErrImagePull", Message: fmt.Sprintf("image %q was pulled and is not there", spec.GetImage())}
	}
	if slices.ContainsFunc(before, func(old *runtimeapi.Image) bool { return old.GetId() == image.GetId() }) {
		m.images.used(image.GetId())
		return image, nil
	}
	return image, m.images.pulled(image.GetId())
}

// pullPolicy is what the API server would have filled in, for pods that come without one.
func pullPolicy(c *corev1.Container, ref name.Reference) corev1.PullPolicy {
	if tag, tagged := ref.(name.Tag); c.ImagePullPolicy == "" && tagged && tag.TagStr() == name.DefaultTag {
		return corev1.PullAlways
	}
	if c.ImagePullPolicy == "" {
		return corev1.PullIfNotPresent
	}
	return c.ImagePullPolicy
}

// pull tries each credential that fits the registry, and none where none fits.
func (m *machine) pull(ctx context.Context, rt *services, pod runtime.PodSpec, ref name.Reference, spec *runtimeapi.ImageSpec, sandbox *runtimeapi.PodSandboxConfig) error {
	var failures []error
	for _, auth := range credentials(ctx, pod.PullSecrets, ref) {
		_, err := rt.images.PullImage(ctx, spec, auth, sandbox)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failures = append(failures, err)
	}
	err := errors.Join(failures...)
	if _, lost := rt.Version(ctx, ""); lost != nil {
		return failed(lost)
	}
	return runtime.NotStarted{Reason: "ErrImagePull", Message: fmt.Sprintf("failed to pull image %q: %v", spec.GetImage(), err)}
}

// credentials are those of the pod's pull secrets for this registry or repository, in order; at least one, which may be nil.
func credentials(ctx context.Context, secrets [][]byte, ref name.Reference) []*runtimeapi.AuthConfig {
	var out []*runtimeapi.AuthConfig
	for _, text := range secrets {
		secret := corev1.Secret{Type: corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{corev1.DockerConfigJsonKey: text}}
		chain, err := kubernetes.NewFromPullSecrets(ctx, []corev1.Secret{secret})
		if err != nil {
			// A secret that nobody can read is none, as a kubelet sees it; the pull says what is missing.
			continue
		}
		found, err := authn.Resolve(ctx, chain, ref.Context())
		if err != nil || found == authn.Anonymous {
			continue
		}
		if auth, err := authn.Authorization(ctx, found); err == nil {
			out = append(out, &runtimeapi.AuthConfig{
				Username: auth.Username, Password: auth.Password, Auth: auth.Auth, IdentityToken: auth.IdentityToken, RegistryToken: auth.RegistryToken,
			})
		}
	}
	if len(out) == 0 {
		return []*runtimeapi.AuthConfig{nil}
	}
	return out
}
