package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"slices"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type clientTask struct {
	signer
	Directory string      `json:"directory"`
	Inclusion []inclusion `json:"inclusion"` // under the checkpoint's root
	Extra     []byte      `json:"extra"`     // what the offline proofs carry besides, or nothing
	Witness   string      `json:"witness"`   // the name under which to cosign, or nothing
}

type clientAnswer struct {
	treeAnswer
	Entries   int64    `json:"entries"`
	Leaves    []byte   `json:"leaves"` // SHA-256 over all leaf hashes
	Extension string   `json:"extension"`
	Offline   [][]byte `json:"offline"` // the offline proofs of the entries asked for
	Cosigned  []byte   `json:"cosigned"`
}

// checkAsClient reads a log the way torchwood's users do, and writes offline proofs
// (C2SP tlog-proof) with the log's own paths.
func checkAsClient(task clientTask) (*clientAnswer, error) {
	verifier, err := note.NewVerifier(task.Vkey)
	if err != nil {
		return nil, usageError{err}
	}
	policy := torchwood.ThresholdPolicy(
		2, torchwood.OriginPolicy(task.Origin), torchwood.SingleVerifierPolicy(verifier))
	files, err := torchwood.NewTileFS(os.DirFS(task.Directory))
	if err != nil {
		return nil, err
	}
	client, err := torchwood.NewClient(files)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	signed, err := files.ReadEndpoint(ctx, "checkpoint")
	if err != nil {
		return nil, err
	}
	checkpoint, opened, err := torchwood.VerifyCheckpoint(signed, policy)
	if err != nil {
		return nil, err
	}
	answer := &clientAnswer{
		treeAnswer: treeAnswer{Size: checkpoint.N, Root: checkpoint.Hash},
		Extension:  checkpoint.Extension,
	}
	if err := readAll(ctx, client, checkpoint.Tree, answer); err != nil {
		return nil, err
	}
	for _, given := range task.Inclusion {
		entry, err := checkEntry(ctx, client, checkpoint.Tree, given)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", given.Index, err)
		}
		offline := formatOffline(given, task.Extra, signed)
		if err := torchwood.VerifyProof(policy, tlog.RecordHash(entry), offline); err != nil {
			return nil, fmt.Errorf("entry %d: %w", given.Index, err)
		}
		answer.Offline = append(answer.Offline, offline)
	}
	if task.Witness != "" {
		answer.Cosigned, err = cosign(opened, task.Witness, policy)
	}
	return answer, err
}

func readAll(
	ctx context.Context, client *torchwood.Client, tree tlog.Tree, answer *clientAnswer,
) error {
	digest := sha256.New()
	for index, entry := range client.AllEntries(ctx, tree, 0) {
		if index != answer.Entries {
			return fmt.Errorf("entry %d came after %d others", index, answer.Entries)
		}
		leaf := tlog.RecordHash(entry)
		digest.Write(leaf[:])
		answer.Entries++
	}
	answer.Leaves = digest.Sum(nil)
	if err := client.Err(); err != nil {
		return err
	}
	if answer.Entries != tree.N {
		return fmt.Errorf("found %d entries of %d", answer.Entries, tree.N)
	}
	return nil
}

func checkEntry(
	ctx context.Context, client *torchwood.Client, tree tlog.Tree, given inclusion,
) ([]byte, error) {
	entry, own, err := client.Entry(ctx, tree, given.Index)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(own, given.Path) {
		return nil, errors.New("another proof than torchwood's own")
	}
	return entry, nil
}

func formatOffline(given inclusion, extra, signed []byte) []byte {
	if extra == nil {
		return torchwood.FormatProof(given.Index, given.Path, signed)
	}
	return torchwood.FormatProofWithExtraData(given.Index, extra, given.Path, signed)
}

// cosign adds a witness's line to the log's, and verifies both.
func cosign(opened *note.Note, name string, policy torchwood.Policy) ([]byte, error) {
	seed := sha256.Sum256([]byte(name)) // a key for tests: the same each time
	witness, err := torchwood.NewCosignatureSigner(name, ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		return nil, usageError{err}
	}
	cosigned, err := note.Sign(opened, witness)
	if err != nil {
		return nil, err
	}
	both := torchwood.ThresholdPolicy(
		2, policy, torchwood.SingleVerifierPolicy(witness.Verifier()))
	if _, _, err := torchwood.VerifyCheckpoint(cosigned, both); err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(cosigned, []byte(opened.Text)) {
		return nil, errors.New("cosigning changed the text")
	}
	return cosigned, nil
}
