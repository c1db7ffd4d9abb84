package kubernetes

import (
	"k8s.io/client-go/util/keyutil"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/bootstrap"
	"k8s.io/kubernetes/pkg/controller/certificates/rootcacertpublisher"
	"k8s.io/kubernetes/pkg/controller/clusterroleaggregation"
	"k8s.io/kubernetes/pkg/controller/serviceaccount"
	tokens "k8s.io/kubernetes/pkg/serviceaccount"

	"github.com/seatrial/seatrial"
	"github.com/seatrial/seatrial/sim/cluster"
)

// ServiceAccount: the default one of each namespace, which users delete.
func ServiceAccount() seatrial.Trial {
	return trial(func(p parts) (controller, error) {
		return serviceaccount.NewServiceAccountsController(klog.FromContext(p.ctx), p.Core().V1().ServiceAccounts(), p.Core().V1().Namespaces(),
			p.client, serviceaccount.DefaultServiceAccountsControllerOptions())
	}, "namespaces", cluster.Options{})
}

// ServiceAccountToken fills Secrets with tokens of ServiceAccounts that come and go.
func ServiceAccountToken() seatrial.Trial {
	tr := trial(func(p parts) (controller, error) {
		key, err := keyutil.PrivateKeyFromFile("testdata/sa.key")
		if err != nil {
			return nil, err
		}
		generator, err := tokens.JWTTokenGenerator(tokens.LegacyIssuer, key)
		if err != nil {
			return nil, err
		}
		return serviceaccount.NewTokensController(klog.FromContext(p.ctx), p.Core().V1().ServiceAccounts(), p.Core().V1().Secrets(), p.client,
			serviceaccount.TokensControllerOptions{TokenGenerator: generator})
	}, "tokens", cluster.Options{})
	tr.Known = []seatrial.Known{{Signature: "like-twin: secrets *: there is none, and in fair weather is one", Reason: "docs/findings/004"}}
	return tr
}

// RootCAPublisher: a ConfigMap of each namespace, which users delete and edit.
func RootCAPublisher() seatrial.Trial {
	return trial(func(p parts) (controller, error) {
		return rootcacertpublisher.NewPublisher(p.Core().V1().ConfigMaps(), p.Core().V1().Namespaces(), p.client, []byte("certificate"))
	}, "namespaces", cluster.Options{})
}

// ClusterRoleAggregation: one aggregate holds another.
func ClusterRoleAggregation() seatrial.Trial {
	tr := trial(func(p parts) (controller, error) {
		return clusterroleaggregation.NewClusterRoleAggregation(p.Rbac().V1().ClusterRoles(), p.client.RbacV1()), nil
	}, "roles", cluster.Options{})
	tr.Known = []seatrial.Known{{Signature: "like-twin: clusterroles.rbac.authorization.k*: there is one, and in fair weather is none", Reason: "docs/findings/006"}}
	return tr
}

// BootstrapSigner signs cluster-info. A token whose time is up is signed with until it is
// deleted, which is for the token cleaner to do, not under test.
func BootstrapSigner() seatrial.Trial {
	tr := beside(trial(func(p parts) (controller, error) {
		c, err := bootstrap.NewSigner(p.client, p.Core().V1().Secrets(), p.Core().V1().ConfigMaps(), bootstrap.DefaultSignerOptions())
		if err != nil {
			return nil, err
		}
		return alone(c.Run), nil
	}, "bootstrap", cluster.Options{}), "token-cleaner", tokenCleaner)
	tr.Known = []seatrial.Known{{Signature: "like-twin: configmaps *: data.jws-kubeconfig-", Reason: "docs/findings/002"}}
	return tr
}

func tokenCleaner(p parts) (controller, error) {
	c, err := bootstrap.NewTokenCleaner(p.client, p.Core().V1().Secrets(), bootstrap.DefaultTokenCleanerOptions())
	if err != nil {
		return nil, err
	}
	return alone(c.Run), nil
}

// TokenCleaner deletes a bootstrap token whose time is up.
func TokenCleaner() seatrial.Trial {
	tr := trial(tokenCleaner, "bootstrap", cluster.Options{})
	tr.Known = []seatrial.Known{{Signature: "like-twin: secrets *: there is one, and in fair weather is none", Reason: "docs/findings/001"}}
	return tr
}
