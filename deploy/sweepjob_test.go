package deploy_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
)

// The Job that sweeps decodes strictly, its pods learn of how many shards they
// are one, and what a pod has done outlives it.
func TestSweepJob(t *testing.T) {
	text, err := os.ReadFile("sweep-job.yaml")
	require.NoError(t, err)
	decoder := serializer.NewCodecFactory(clientgoscheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	objects := decodeAll(t, decoder, text)
	require.Len(t, objects, 2)
	job, ok := objects[0].(*batchv1.Job)
	require.True(t, ok)
	claim, ok := objects[1].(*corev1.PersistentVolumeClaim)
	require.True(t, ok)

	spec := job.Spec
	assert.Equal(t, batchv1.IndexedCompletion, *spec.CompletionMode)
	assert.Equal(t, corev1.RestartPolicyNever, spec.Template.Spec.RestartPolicy, "what podFailurePolicy asks for")
	require.Len(t, spec.Template.Spec.Containers, 1)
	container := spec.Template.Spec.Containers[0]
	assert.Contains(t, container.Env, corev1.EnvVar{Name: "JOB_COMPLETIONS", Value: strconv.Itoa(int(*spec.Completions))})
	for _, rule := range spec.PodFailurePolicy.Rules {
		if rule.OnExitCodes != nil {
			assert.Equal(t, container.Name, *rule.OnExitCodes.ContainerName)
		}
	}
	i := slices.IndexFunc(container.Args, func(arg string) bool { return strings.HasPrefix(arg, "--resume=") })
	require.GreaterOrEqual(t, i, 0)
	results := strings.TrimPrefix(container.Args[i], "--resume=")
	j := slices.IndexFunc(container.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == results })
	require.GreaterOrEqual(t, j, 0, "the results are on a volume")
	k := slices.IndexFunc(spec.Template.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == container.VolumeMounts[j].Name })
	require.GreaterOrEqual(t, k, 0)
	assert.Equal(t, claim.Name, spec.Template.Spec.Volumes[k].PersistentVolumeClaim.ClaimName)
}
