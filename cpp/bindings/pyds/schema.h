// Vehicles, persons and faces that a message can be about: structs of strings that the metadata can own.
#pragma once

#include "bindings/pyds/user.h"

namespace fluvial::python {

template <>
struct Texts<NvDsVehicleObject> {
  using V = NvDsVehicleObject;
  static constexpr char* V::*all[] = {&V::type, &V::make, &V::model, &V::color, &V::region, &V::license};
};

template <>
struct Texts<NvDsPersonObject> {
  using P = NvDsPersonObject;
  static constexpr char* P::*all[] = {&P::gender, &P::hair, &P::cap, &P::apparel};
};

template <>
struct Texts<NvDsFaceObject> {
  using F = NvDsFaceObject;
  static constexpr char* F::*all[] = {&F::gender,     &F::hair, &F::cap,     &F::glasses,
                                      &F::facialhair, &F::name, &F::eyecolor};
};

template <>
struct Texts<NvDsVehicleObjectExt> {
  using V = NvDsVehicleObjectExt;
  static constexpr char* V::*all[] = {&V::type, &V::make, &V::model, &V::color, &V::region, &V::license};
};

template <>
struct Texts<NvDsPersonObjectExt> {
  using P = NvDsPersonObjectExt;
  static constexpr char* P::*all[] = {&P::gender, &P::hair, &P::cap, &P::apparel};
};

template <>
struct Texts<NvDsFaceObjectExt> {
  using F = NvDsFaceObjectExt;
  static constexpr char* F::*all[] = {&F::gender,     &F::hair, &F::cap,     &F::glasses,
                                      &F::facialhair, &F::name, &F::eyecolor};
};

// The struct that NvDsEventMsgMeta.extMsg is for an object type; nullptr: of the application's own kind.
const TypeInfo* object_for(NvDsObjectType type);

}  // namespace fluvial::python
