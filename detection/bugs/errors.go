package bugs

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/seatrial/seatrial/model"
)

const authority = "{apiVersion: v1, kind: Secret, metadata: {name: authority}, stringData: {ca: root}}"

var errorsAsAbsence = []Bug{
	{
		Name: "openvox-509", Class: "error as absence", Source: "https://github.com/slauger/openvox-operator/issues/509",
		Story:      "When the authority cannot be read, the configuration is written without it.",
		Controller: configWithout, Cluster: authority,
		Objects: apps("{uses: authority}", "puppet", "foreman"),
	},
	{
		Name: "skipper-406", Class: "error as absence", Source: "https://github.com/zalando/skipper/issues/406",
		Story:      "A route whose certificate cannot be read is left out, until the next round ten seconds later.",
		Controller: routesWithout,
		Cluster:    authority + "\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: routes}}",
		Objects:    apps("{uses: authority}", "shop", "blog"),
		Laws:       []model.Property{model.EveryChange("keeps-routes", "A route goes only when its App has gone.", keepsRoutes)},
	},
	{
		Name: "krb-keys-647", Class: "error as absence", Source: "https://github.com/AMRC-FactoryPlus/amrc-connectivity-stack/pull/647",
		Story:      "A password that cannot be read is made anew, and who uses it is locked out.",
		Controller: newPassword,
		Objects:    apps("{}", "opcua", "mqtt"),
		Laws:       []model.Property{model.EveryChange("keeps-passwords", "A password stays as long as its Secret.", keepsPasswords)},
		Ignore:     []string{"secrets: data.password"},
	},
}

// configWithout takes whatever error for the authority's absence; the mended one only
// NotFound.
func configWithout(mended bool) Run {
	return managed{owns: []client.Object{&corev1.ConfigMap{}}, reconcile: func(ctx context.Context, m *manager, r ctrl.Request) (ctrl.Result, error) {
		a, err := m.app(ctx, r)
		if a == nil || a.DeletionTimestamp != nil {
			return again(err)
		}
		data := map[string]string{}
		var ca corev1.Secret
		err = m.live.Get(ctx, client.ObjectKey{Namespace: a.Namespace, Name: a.Spec.Uses}, &ca)
		switch {
		case err == nil:
			data["ca"] = string(ca.Data["ca"])
		case mended && client.IgnoreNotFound(err) != nil:
			return again(err)
		}
		cm := configOf(a, nil)
		_, err = ctrl.CreateOrUpdate(ctx, m, cm, func() error { cm.Data = data; return nil })
		return again(err)
	}}.run
}

// routesWithout publishes every ten seconds.
func routesWithout(mended bool) Run {
	return func(ctx context.Context, cfg *rest.Config) error {
		c, err := newClient(cfg)
		if err != nil {
			return err
		}
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(10 * time.Second):
				// What fails is tried again in the next round.
				_ = publishRoutes(ctx, c, mended)
			}
		}
	}
}

func publishRoutes(ctx context.Context, c client.Client, mended bool) error {
	var apps AppList
	if err := c.List(ctx, &apps, client.InNamespace("default")); err != nil {
		return err
	}
	routes := map[string]string{}
	for _, a := range apps.Items {
		var certificate corev1.Secret
		if err := c.Get(ctx, client.ObjectKey{Namespace: "default", Name: a.Spec.Uses}, &certificate); err != nil {
			if mended {
				return err
			}
			continue
		}
		routes[a.Name] = string(certificate.Data["ca"])
	}
	var table corev1.ConfigMap
	if err := c.Get(ctx, client.ObjectKey{Namespace: "default", Name: "routes"}, &table); err != nil || maps.Equal(table.Data, routes) {
		return err
	}
	table.Data = routes
	return c.Update(ctx, &table)
}

func keepsRoutes(t model.Transition) error {
	old, ok := t.Old.(*corev1.ConfigMap)
	if !ok || old.Name != "routes" || t.New == nil {
		return nil
	}
	for name := range old.Data {
		if _, still := t.New.(*corev1.ConfigMap).Data[name]; !still && t.Before.Get("apps.detection.example.com", "default", name) != nil {
			return fmt.Errorf("the route of %s is gone, and the App is there", name)
		}
	}
	return nil
}

// newPassword makes one when it cannot read the Secret; the mended one only when there
// is none.
func newPassword(mended bool) Run {
	return loop{watches: []watch{{"apps", itself}}, reconcile: func(ctx context.Context, l *live, key string) error {
		a := l.app(key)
		if a == nil || a.DeletionTimestamp != nil {
			return nil
		}
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: a.Namespace, Name: a.Name}}
		err := l.Get(ctx, client.ObjectKeyFromObject(secret), secret)
		switch {
		case err == nil && !metav1.IsControlledBy(secret, a):
			return fmt.Errorf("%s belongs to another App", secret.Name)
		case err == nil || mended && client.IgnoreNotFound(err) != nil:
			return err
		}
		secret.ObjectMeta = child(a, a.Name)
		secret.Data = map[string][]byte{"password": []byte(rand.Text())}
		if err := l.Create(ctx, secret); client.IgnoreAlreadyExists(err) != nil || err == nil || mended {
			return err
		}
		return l.Update(ctx, secret)
	}}.run
}

func keepsPasswords(t model.Transition) error {
	old, ok := t.Old.(*corev1.Secret)
	if !ok || t.New == nil || string(old.Data["password"]) == string(t.New.(*corev1.Secret).Data["password"]) {
		return nil
	}
	return fmt.Errorf("the password of %s has changed", old.Name)
}
