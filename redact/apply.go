package redact

import "reflect"

// Apply replaces in every string that v points to, through structs, slices,
// maps and pointers. v is a pointer to what is to be changed; fields that are
// not exported stay.
func (r *Redactor) Apply(v any) { walk(reflect.ValueOf(v), r.String) }

// Study learns from every string that v holds, as LearnFrom does.
func (r *Redactor) Study(v any) {
	walk(reflect.ValueOf(v), func(s string) string {
		r.LearnFrom(s)
		return s
	})
}

// maxDeep bounds the nesting that is followed; views are some ten deep.
const maxDeep = 64

func walk(v reflect.Value, do func(string) string) { walkAt(v, do, maxDeep) }

func walkAt(v reflect.Value, do func(string) string, deep int) {
	if deep == 0 {
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			walkAt(v.Elem(), do, deep-1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				walkAt(v.Field(i), do, deep-1)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			walkAt(v.Index(i), do, deep-1)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if e := v.MapIndex(k); e.Kind() == reflect.String {
				v.SetMapIndex(k, reflect.ValueOf(do(e.String())).Convert(e.Type()))
			} else {
				walkAt(e, do, deep-1)
			}
		}
	case reflect.String:
		if v.CanSet() {
			v.SetString(do(v.String()))
		} else {
			do(v.String())
		}
	}
}
