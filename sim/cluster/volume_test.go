package cluster_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/seatrial/seatrial/sim/cluster"
)

// Goal: a claim is bound to a volume of the default class, pods wait for that, and
// the volume goes when the claim does. Method: a StatefulSet with a claim for each pod.

func TestClaimsAreBoundAndReclaimed(t *testing.T) {
	live(t, 1, cluster.Options{Kubelet: &cluster.Kubelet{}, StatefulSets: &cluster.Controller{}, Volumes: &cluster.Volumes{}},
		step{0, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			set := statefulSet("db", 2, map[string]string{"app": "db"})
			set.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{{
				ObjectMeta: metav1.ObjectMeta{Name: "data"},
				Spec: corev1.PersistentVolumeClaimSpec{
					AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
					Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: *quantity("1Gi")}},
				},
			}}
			got, err := client.AppsV1().StatefulSets("default").Create(ctx, set, metav1.CreateOptions{})
			made(t, got, err)
		}},
		step{30 * time.Second, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			claims, err := client.CoreV1().PersistentVolumeClaims("default").List(ctx, metav1.ListOptions{})
			assert.NoError(t, err)
			assert.Len(t, claims.Items, 2)
			for _, claim := range claims.Items {
				assert.Equal(t, corev1.ClaimBound, claim.Status.Phase)
			}
			set, err := client.AppsV1().StatefulSets("default").Get(ctx, "db", metav1.GetOptions{})
			assert.NoError(t, err)
			assert.EqualValues(t, 2, set.Status.ReadyReplicas)
			assert.NoError(t, client.AppsV1().StatefulSets("default").Delete(ctx, "db", metav1.DeleteOptions{}))
			assert.NoError(t, client.CoreV1().PersistentVolumeClaims("default").Delete(ctx, "data-db-0", metav1.DeleteOptions{}))
		}},
		step{60 * time.Second, func(ctx context.Context, t assert.TestingT, client kubernetes.Interface) {
			volumes, err := client.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
			assert.NoError(t, err)
			assert.Len(t, volumes.Items, 1, "the other claim stays, and so does its volume")
		}},
	)
}
