package locate

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// listRaw reads all objects below path, for API groups that Client has no method for:
// their typed clients would be linked for a few fields. A server that does not know
// the group has none of its objects.
func listRaw[T any](ctx context.Context, client Client, path string) ([]T, error) {
	c := client.CoreV1().RESTClient()
	if typed, ok := c.(*rest.RESTClient); ok && typed == nil {
		return nil, errNotRead // a client that is not connected to anything
	}
	var all []T
	err := pages(func(o metav1.ListOptions) (string, error) {
		r := c.Get().AbsPath(path).SetHeader("Accept", "application/json").Param("limit", fmt.Sprint(o.Limit))
		if o.Continue != "" {
			r = r.Param("continue", o.Continue)
		}
		body, err := r.Do(ctx).Raw()
		if err != nil {
			return "", err
		}
		var page struct {
			Metadata metav1.ListMeta `json:"metadata"`
			Items    []T             `json:"items"`
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return "", fmt.Errorf("reading %q: %w", path, err)
		}
		all = append(all, page.Items...)
		return page.Metadata.Continue, nil
	}, func() { all = nil })
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return all, err
}

// scaler is the part of a HorizontalPodAutoscaler (autoscaling/v1) that counts.
type scaler struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     struct {
		ScaleTargetRef struct {
			Kind string `json:"kind"`
			Name string `json:"name"`
		} `json:"scaleTargetRef"`
	} `json:"spec"`
}

// ingress is the part of an Ingress (networking.k8s.io/v1) that counts.
type ingress struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     struct {
		DefaultBackend *ingressBackend `json:"defaultBackend"`
		TLS            []struct {
			Hosts []string `json:"hosts"`
		} `json:"tls"`
		Rules []struct {
			Host string `json:"host"`
			HTTP *struct {
				Paths []struct {
					Backend ingressBackend `json:"backend"`
				} `json:"paths"`
			} `json:"http"`
		} `json:"rules"`
	} `json:"spec"`
}

type ingressBackend struct {
	Service *struct {
		Name string `json:"name"`
	} `json:"service"`
}

// route is the part of an HTTPRoute (gateway.networking.k8s.io/v1) that counts.
type route struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     struct {
		Hostnames []string `json:"hostnames"`
		Rules     []struct {
			BackendRefs []struct {
				Kind string `json:"kind"`
				Name string `json:"name"`
			} `json:"backendRefs"`
		} `json:"rules"`
	} `json:"spec"`
}
