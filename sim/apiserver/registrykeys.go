package apiserver

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

// storagePrefixes are the etcd prefixes that are not /registry/<resource>.
// Clients see them in the message of a failed uid precondition.
var storagePrefixes = map[schema.GroupResource]string{
	{Resource: "services"}:                                                 "/registry/services/specs",
	{Resource: "endpoints"}:                                                "/registry/services/endpoints",
	{Resource: "nodes"}:                                                    "/registry/minions",
	{Resource: "replicationcontrollers"}:                                   "/registry/controllers",
	{Group: "networking.k8s.io", Resource: "ingresses"}:                    "/registry/ingress",
	{Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions"}: "/registry/apiextensions.k8s.io/customresourcedefinitions",
}

func storagePrefix(k *kinds.Kind) string {
	if p, ok := storagePrefixes[k.Resource]; ok {
		return p
	}
	if k.Custom {
		return "/registry/" + k.Resource.Group + "/" + k.Resource.Resource
	}
	return "/registry/" + k.Resource.Resource
}

func storageKey(k *kinds.Kind, key string) string { return storagePrefix(k) + "/" + key }
