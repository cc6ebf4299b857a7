package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"filippo.io/torchwood"
	"github.com/cloudflare/circl/sign/mldsa/mldsa44"
	"golang.org/x/mod/sumdb/note"
)

// C2SP tlog-cosignature: the kind of an ML-DSA-44 key, and what the signed message begins with.
const (
	mldsaKind  = 0x06
	mldsaLabel = "subtree/v1\n\x00"
	timeSize   = 8
)

// mldsaVerifier checks the ML-DSA-44 lines of one cosigner, or of a log, for x/mod, which finds
// them by name and key id. circl holds the arithmetic; the message is put together here.
type mldsaVerifier struct {
	name string
	id   uint32
	key  mldsa44.PublicKey
}

var _ note.Verifier = (*mldsaVerifier)(nil)

func newMLDSA(name string, key []byte) (*mldsaVerifier, error) {
	verifier := &mldsaVerifier{name: name}
	if err := verifier.key.UnmarshalBinary(key); err != nil {
		return nil, err
	}
	named := append([]byte(name), '\n', mldsaKind)
	digest := sha256.Sum256(append(named, key...))
	verifier.id = binary.BigEndian.Uint32(digest[:])
	return verifier, nil
}

func (verifier *mldsaVerifier) Name() string    { return verifier.name }
func (verifier *mldsaVerifier) KeyHash() uint32 { return verifier.id }

func (verifier *mldsaVerifier) Verify(text, signature []byte) bool {
	if len(signature) != timeSize+mldsa44.SignatureSize {
		return false
	}
	message, err := mldsaMessage(verifier.name, signature[:timeSize], text)
	return err == nil && mldsa44.Verify(&verifier.key, message, nil, signature[timeSize:])
}

// mldsaMessage is what a cosigner signs of a checkpoint: a tree from its first leaf on.
func mldsaMessage(cosigner string, time, text []byte) ([]byte, error) {
	checkpoint, err := torchwood.ParseCheckpoint(string(text))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{cosigner, checkpoint.Origin} {
		if len(name) < 1 || len(name) > math.MaxUint8 {
			return nil, fmt.Errorf("a name has %d bytes", len(name))
		}
	}
	if binary.BigEndian.Uint64(time) > math.MaxInt64 {
		return nil, errors.New("the time is too far away")
	}
	var message bytes.Buffer
	message.WriteString(mldsaLabel)
	message.WriteByte(byte(len(cosigner)))
	message.WriteString(cosigner)
	message.Write(time)
	message.WriteByte(byte(len(checkpoint.Origin)))
	message.WriteString(checkpoint.Origin)
	message.Write(make([]byte, 8)) // the first leaf: of a checkpoint, 0
	message.Write(binary.BigEndian.AppendUint64(nil, uint64(checkpoint.N)))
	message.Write(checkpoint.Hash[:])
	return message.Bytes(), nil
}

// mldsaSigner is a cosigner of circl's, for readers to verify.
type mldsaSigner struct {
	Cosigner string `json:"cosigner"`
	Seed     []byte `json:"seed"`
	Time     uint64 `json:"time"`
}

func (by mldsaSigner) addTo(data []byte) ([]byte, error) {
	if len(by.Seed) != mldsa44.SeedSize {
		return nil, usageError{fmt.Errorf("a seed has %d bytes", mldsa44.SeedSize)}
	}
	public, secret := mldsa44.NewKeyFromSeed((*[mldsa44.SeedSize]byte)(by.Seed))
	verifier, err := newMLDSA(by.Cosigner, public.Bytes())
	if err != nil {
		return nil, err
	}
	end := bytes.Index(data, []byte("\n\n"))
	if end < 0 {
		return nil, usageError{errors.New("there is no note to sign")}
	}
	time := binary.BigEndian.AppendUint64(nil, by.Time)
	message, err := mldsaMessage(by.Cosigner, time, data[:end+1])
	if err != nil {
		return nil, err
	}
	signature := make([]byte, mldsa44.SignatureSize)
	if err := mldsa44.SignTo(secret, message, nil, true, signature); err != nil {
		return nil, err
	}
	line := binary.BigEndian.AppendUint32(nil, verifier.KeyHash())
	line = append(append(line, time...), signature...)
	return fmt.Appendf(data, "— %s %s\n", by.Cosigner, base64.StdEncoding.EncodeToString(line)), nil
}
