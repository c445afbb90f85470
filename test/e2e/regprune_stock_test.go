//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"testing"

	"github.com/kubectl-suite/kubectl-suite/pkg/registry/registrytest"
)

// rules are the classical ones: the latest, and build numbers from 950 on.
var rules = []string{"--keep", "latest", "--keep-number", ">=950", "--untagged", "--min-age", "0s"}

// stock is what the registry was filled with, by REPOSITORY:TAG or REPOSITORY@DIGEST.
type stock map[string]*registrytest.Content

// fill pushes what makes pruning hard: twins, lists and nested indexes that share
// children, signatures, an untagged manifest, layers that all share.
func (d *depot) fill(t testing.TB) stock {
	t.Helper()
	s := stock{}
	put := func(repository string, b registrytest.Builder, tags ...string) *registrytest.Content {
		c := d.push(t, repository, b, tags...)
		for _, tag := range tags {
			s[repository+":"+tag] = c
		}
		if len(tags) == 0 {
			s[repository+"@"+c.Digest] = c
		}
		return c
	}
	for _, n := range []int{940, 941, 942, 943, 944, 946, 947, 948, 949, 952} {
		put("app", image("build "+strconv.Itoa(n)), strconv.Itoa(n))
	}
	put("app", image("twins"), "945", "951")
	newest := put("app", image("newest"), "950", "latest")
	put("app", image("nobody's"))
	put("app", registrytest.Signature(s["app:940"]), registrytest.AttachedTag(s["app:940"], "sig"))
	put("app", registrytest.Signature(newest), registrytest.AttachedTag(newest, "sig"))

	platform := func(about, name string, docker bool) registrytest.Image {
		i := image(about + name)
		i.Platform, i.Docker = name, docker
		return i
	}
	put("multi", registrytest.Index{Docker: true, Manifests: []registrytest.Builder{platform("old", "linux/amd64", true), platform("old", "linux/arm64", true)}}, "900")
	kept := put("multi", registrytest.Index{Manifests: []registrytest.Builder{platform("kept", "linux/amd64", false), platform("kept", "linux/arm64", false)}}, "960")
	put("multi", registrytest.Index{Manifests: []registrytest.Builder{kept, platform("outer", "linux/s390x", false)}}, "901")
	inner := registrytest.Index{Manifests: []registrytest.Builder{platform("inner", "linux/amd64", false)}}
	put("multi", registrytest.Index{Manifests: []registrytest.Builder{inner, platform("outer", "linux/riscv64", false)}}, "961")

	put("run", runnable(t, d.Name+" one"), "1")
	put("run", runnable(t, d.Name+" two"), "2")
	return s
}

// decisions are what a plan has to say of every tag. tagsOwn is a server that can
// delete a tag without its twins.
func (s stock) decisions(tagsOwn bool) map[string]string {
	all := map[string]string{
		"app:941": "keep in-use", "app:942": "keep in-use", "app:943": "keep helm-history",
		"app:945": "keep shared-digest", "app:latest": "keep rule",
		"multi:900": "delete not-kept", "multi:901": "delete not-kept", "multi:960": "keep rule", "multi:961": "keep rule",
		"run:1": "keep rollback", "run:2": "keep in-use",
		"app:" + registrytest.AttachedTag(s["app:940"], "sig"): "delete referrer-of-deleted",
		"app:" + registrytest.AttachedTag(s["app:950"], "sig"): "keep referrer-of-kept",
	}
	for _, n := range []int{940, 944, 946, 947, 948, 949} {
		all["app:"+strconv.Itoa(n)] = "delete not-kept"
	}
	for _, n := range []int{950, 951, 952} {
		all["app:"+strconv.Itoa(n)] = "keep rule"
	}
	if tagsOwn {
		all["app:945"] = "untag not-kept"
	}
	return all
}

// use makes the cluster use the images, each in another way. The shop really runs, in
// its second revision; the first one never has.
func (d *depot) use(t testing.TB, group string) {
	t.Helper()
	names := []string{"NODE", d.Testbed(t).NodeName, "IMAGE", d.port + "/" + d.Name + "/run:1"}
	d.Apply(t, "regprune-shop.yaml", names...)
	d.Must(t, "set", "image", "deploy/shop", "shop="+d.port+"/"+d.Name+"/run:2")
	d.Must(t, "scale", "deploy/shop", "--replicas=1")
	d.Must(t, "rollout", "status", "--timeout=60s", "deploy/shop")
	d.Apply(t, "regprune-users.yaml", "NODEPORT", d.port, "PREFIX", d.Name, "NAMESPACE", d.Name, "GROUP", group,
		"RELEASE", helmRelease(t, "registry.example.test/"+d.Name+"/app:943"))
}

// helmRelease is the content of a Secret of Helm's, for a chart with one pod.
func helmRelease(t testing.TB, image string) string {
	t.Helper()
	manifest := "---\napiVersion: v1\nkind: Pod\nmetadata: {name: shop}\nspec:\n  containers:\n  - {name: shop, image: \"" + image + "\"}\n"
	text, err := json.Marshal(map[string]any{"name": "shop", "version": 1, "manifest": manifest, "info": map[string]string{"status": "superseded"}})
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString(packed.Bytes())))
}

// planDocument is what these tests read of a plan.
type planDocument struct {
	Registry     struct{ TagsOwn bool }
	Repositories []struct {
		Name string
		Tags []struct {
			Name, Digest, Action, Reason string
		}
	}
	Totals struct {
		TagsDeleted, ManifestsDeleted int
		GarbageBytes, ReclaimBytes    int64
		Exact                         bool
	}
}

// planned reads a plan.
func planned(t testing.TB, text string) planDocument {
	t.Helper()
	var p planDocument
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatalf("reading the plan: %v\n%s", err, text)
	}
	return p
}

// of are the decisions about the tags of a namespace's repositories.
func (p planDocument) of(prefix string) map[string]string {
	all := map[string]string{}
	for _, r := range p.Repositories {
		for _, tag := range r.Tags {
			all[r.Name[len(prefix)+1:]+":"+tag.Name] = tag.Action + " " + tag.Reason
		}
	}
	return all
}
