package seatrial_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/model"
	"github.com/seatrial/seatrial/sim"
)

// Goal: the roles that a controller ships with are enforced for a function as for a
// program, and one that lacks a permission is found, with the permission. Method: a
// controller that keeps a Secret for each labelled ConfigMap, under two roles.

// keepSecrets makes a Secret for every labelled ConfigMap of namespace shop.
func keepSecrets(ctx context.Context, cfg *rest.Config) error {
	client := kubernetes.NewForConfigOrDie(cfg).CoreV1()
	for sim.Pause(ctx, 5*time.Second) {
		list, err := client.ConfigMaps("shop").List(ctx, metav1.ListOptions{LabelSelector: "secret=yes"})
		if err != nil {
			continue
		}
		for i := range list.Items {
			if _, err := client.Secrets("shop").Get(ctx, list.Items[i].Name, metav1.GetOptions{}); apierrors.IsNotFound(err) {
				secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: list.Items[i].Name, OwnerReferences: []metav1.OwnerReference{{
					APIVersion: "v1", Kind: "ConfigMap", Name: list.Items[i].Name, UID: list.Items[i].UID,
				}}}}
				_, _ = client.Secrets("shop").Create(ctx, secret, metav1.CreateOptions{}) // the next pass will do
			}
		}
	}
	return nil
}

func underRole(verbs string) seatrial.Trial {
	return seatrial.Trial{
		Processes: []seatrial.Process{{Name: "keeper", Run: keepSecrets, ServiceAccount: "shop/keeper"}},
		Cluster: seatrial.YAML(`
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: keeper, namespace: shop}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [list]}
- {apiGroups: [""], resources: [secrets], verbs: [` + verbs + `]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: keeper, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: keeper}
subjects: [{kind: ServiceAccount, name: keeper}]
`),
		Objects: seatrial.YAML(`{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop, labels: {secret: "yes"}}}`),
	}
}

func TestRolesAreEnforced(t *testing.T) {
	for seed := sim.Seed(1); seed <= 5; seed++ {
		r := seatrial.Run(t, underRole("get, create"), seed, seatrial.RunOptions{})
		require.Equal(t, model.VerdictPass, r.Verdict.Kind, "seed %d: %s: %s", seed, r.Verdict.Property, r.Verdict.Message)
	}
	r := seatrial.Run(t, underRole("get"), 1, seatrial.RunOptions{})
	assert.Equal(t, "permitted", r.Verdict.Property)
	assert.Contains(t, r.Verdict.Message, "the roles of keeper do not allow it to create secrets in namespace shop")
}

func TestNoServiceAccount(t *testing.T) {
	tr := underRole("get")
	tr.Processes[0].ServiceAccount = "keeper"
	_, err := tr.Subject()
	require.Error(t, err)
	assert.Contains(t, err.Error(), `processes: keeper: "keeper" is no service account (want NAMESPACE/NAME)`)
}
