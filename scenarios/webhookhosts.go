package scenarios

import (
	"net/url"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/seatrial/seatrial/sim/program"
)

// WebhookHosts are the hosts of the webhooks that manifests configure, admission and
// conversion alike, beside those that are known, sorted.
func WebhookHosts(known []string, manifests ...Manifests) []string {
	hosts := slices.Clone(known)
	for _, m := range manifests {
		for i := range m.objects {
			hosts = append(hosts, webhooksOf(m.objects[i].Object)...)
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// webhooksOf are the hosts that one object names.
func webhooksOf(object map[string]any) []string {
	var configs []map[string]any
	switch object["kind"] {
	case "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration":
		list, _, _ := unstructured.NestedSlice(object, "webhooks")
		for _, item := range list {
			if hook, ok := item.(map[string]any); ok {
				config, _, _ := unstructured.NestedMap(hook, "clientConfig")
				configs = append(configs, config)
			}
		}
	case definitionKind:
		config, _, _ := unstructured.NestedMap(object, "spec", "conversion", "webhook", "clientConfig")
		configs = append(configs, config)
	}
	var hosts []string
	for _, config := range configs {
		name, _, _ := unstructured.NestedString(config, "service", "name")
		namespace, _, _ := unstructured.NestedString(config, "service", "namespace")
		address, _, _ := unstructured.NestedString(config, "url")
		if name != "" {
			hosts = append(hosts, program.Webhook{Service: namespace + "/" + name}.Host())
		} else if u, err := url.Parse(address); err == nil && u.Hostname() != "" {
			hosts = append(hosts, u.Hostname())
		}
	}
	return hosts
}

// webhookHosts are those of webhooks that the site's programs serve or its manifests name.
func (s *Site) webhookHosts() []string {
	var hosts []string
	for i := range s.Processes {
		for _, w := range s.Processes[i].Options.Webhooks {
			hosts = append(hosts, w.Host())
		}
	}
	return WebhookHosts(hosts, s.Cluster, s.Objects)
}
