package plain

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/seatrial/seatrial/sim/apiserver/kinds"
)

func newSecretKind() *kinds.Kind {
	doc := corev1.Secret{}.SwaggerDoc()
	return kinds.Builtin[*corev1.Secret, *corev1.SecretList](corev1.SchemeGroupVersion, kinds.Spec{
		Resource:   "secrets",
		Namespaced: true,
		Strategy: &kinds.Rules[*corev1.Secret]{
			Defaults:    defaultSecret,
			Check:       validateSecret,
			CheckUpdate: validateSecretUpdate,
		},
		Table: kinds.TableOf([]metav1.TableColumnDefinition{
			kinds.NameColumn,
			{Name: "Type", Type: "string", Description: doc["type"]},
			{Name: "Data", Type: "string", Description: doc["data"]},
			kinds.AgeColumn,
		}, func(secret *corev1.Secret, now time.Time) []any {
			return []any{secret.Name, string(secret.Type), int64(len(secret.Data)), kinds.Age(secret.CreationTimestamp, now)}
		}),
		Selectable: kinds.Selectable(func(secret *corev1.Secret) fields.Set {
			return fields.Set{"type": string(secret.Type)}
		}),
	})
}

// defaultSecret also moves stringData, which is write-only, into data.
func defaultSecret(secret *corev1.Secret) {
	if secret.Type == "" {
		secret.Type = corev1.SecretTypeOpaque
	}
	if len(secret.StringData) > 0 {
		data := maps.Clone(secret.Data)
		if data == nil {
			data = map[string][]byte{}
		}
		for key, value := range secret.StringData {
			data[key] = []byte(value)
		}
		secret.Data = data
	}
	secret.StringData = nil
	emptyForNil(secret.Data)
}

func validateSecret(secret *corev1.Secret) field.ErrorList {
	var errs field.ErrorList
	data := field.NewPath("data")
	size := 0
	for _, key := range slices.Sorted(maps.Keys(secret.Data)) {
		errs = append(errs, kinds.Invalids(data.Key(key), key, utilvalidation.IsConfigMapKey(key))...)
		size += len(secret.Data[key])
	}
	if size > corev1.MaxSecretSize {
		errs = append(errs, field.TooLong(data, "", corev1.MaxSecretSize))
	}
	return append(errs, validateSecretType(secret, data)...)
}

// validateSecretType checks that the keys are there which the type promises.
func validateSecretType(secret *corev1.Secret, data *field.Path) field.ErrorList {
	var errs field.ErrorList
	need := func(keys ...string) {
		for _, key := range keys {
			if _, found := secret.Data[key]; !found {
				errs = append(errs, field.Required(data.Key(key), ""))
			}
		}
	}
	switch secret.Type {
	case corev1.SecretTypeServiceAccountToken:
		if secret.Annotations[corev1.ServiceAccountNameKey] == "" {
			errs = append(errs, field.Required(field.NewPath("metadata", "annotations").Key(corev1.ServiceAccountNameKey), ""))
		}
	case corev1.SecretTypeDockercfg:
		errs = append(errs, validateDockerConfig(secret, data, corev1.DockerConfigKey)...)
	case corev1.SecretTypeDockerConfigJson:
		errs = append(errs, validateDockerConfig(secret, data, corev1.DockerConfigJsonKey)...)
	case corev1.SecretTypeBasicAuth:
		_, user := secret.Data[corev1.BasicAuthUsernameKey]
		_, password := secret.Data[corev1.BasicAuthPasswordKey]
		if !user && !password {
			need(corev1.BasicAuthUsernameKey, corev1.BasicAuthPasswordKey)
		}
	case corev1.SecretTypeSSHAuth:
		if len(secret.Data[corev1.SSHAuthPrivateKey]) == 0 {
			errs = append(errs, field.Required(data.Key(corev1.SSHAuthPrivateKey), ""))
		}
	case corev1.SecretTypeTLS:
		need(corev1.TLSCertKey, corev1.TLSPrivateKeyKey)
	}
	return errs
}

func validateDockerConfig(secret *corev1.Secret, data *field.Path, key string) field.ErrorList {
	value, found := secret.Data[key]
	if !found {
		return field.ErrorList{field.Required(data.Key(key), "")}
	}
	if err := json.Unmarshal(value, &map[string]any{}); err != nil {
		return field.ErrorList{field.Invalid(data.Key(key), "<secret contents redacted>", err.Error())}
	}
	return nil
}

func validateSecretUpdate(secret, old *corev1.Secret) field.ErrorList {
	errs := apivalidation.ValidateImmutableField(secret.Type, old.Type, field.NewPath("type"))
	if ptr.Deref(old.Immutable, false) {
		if !ptr.Deref(secret.Immutable, false) {
			errs = append(errs, field.Forbidden(field.NewPath("immutable"), immutableWhenSet))
		}
		if !apiequality.Semantic.DeepEqual(secret.Data, old.Data) {
			errs = append(errs, field.Forbidden(field.NewPath("data"), immutableWhenSet))
		}
	}
	return append(errs, validateSecret(secret)...)
}
