//! Staging labels: the state machine that says which version is current.
//!
//! ```text
//!   put ──▶ AWSPENDING ──▶ AWSCURRENT ──▶ AWSPREVIOUS ──▶ (no label: deprecated)
//!             custom labels stay where they are until they are moved or removed
//! ```
//!
//! INVARIANT(one-holder): a label is on one version at most.
//! INVARIANT(previous-follows): when AWSCURRENT moves, AWSPREVIOUS is put on the version it left.

use serde::{Deserialize, Serialize};
use strongroom_types::{Timestamp, VersionId, VersionStage, limits};

/// A version that carries at least one label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labelled {
    /// The version.
    pub id: VersionId,
    /// When it was made.
    pub created: Timestamp,
    /// Its labels, in the order in which they came.
    pub stages: Vec<VersionStage>,
}

/// All labelled versions of a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stages(Vec<Labelled>);

/// A change of labels that a limit forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StagesFull {
    /// The version would carry more labels than a version may.
    #[error("too many labels on one version")]
    Labels,
    /// More versions would carry labels than a secret may have.
    #[error("too many labelled versions")]
    Versions,
}

impl Stages {
    /// The labelled versions.
    pub fn iter(&self) -> impl Iterator<Item = &Labelled> {
        self.0.iter()
    }

    /// The labelled version of this id.
    pub fn version(&self, id: &VersionId) -> Option<&Labelled> {
        self.0.iter().find(|version| version.id == *id)
    }

    /// The version that carries the label.
    pub fn holder(&self, stage: &str) -> Option<&Labelled> {
        self.0.iter().find(|version| version.stages.iter().any(|held| held.as_str() == stage))
    }

    /// Labels of a version; none if it is deprecated or unknown.
    pub fn of(&self, id: &VersionId) -> &[VersionStage] {
        self.version(id).map_or(&[], |version| &version.stages)
    }

    /// Puts the labels on a version, which may be new here, taking each from its holder.
    pub fn attach(
        &mut self,
        id: &VersionId,
        created: Timestamp,
        stages: &[VersionStage],
    ) -> Result<(), StagesFull> {
        for stage in stages {
            self.attach_one(id, created, stage);
        }
        self.drop_unlabelled();
        if self.0.len() > limits::LABELLED_VERSIONS_MAX {
            return Err(StagesFull::Versions);
        }
        let is_full = |version: &Labelled| version.stages.len() > limits::STAGES_PER_VERSION_MAX;
        if self.0.iter().any(is_full) { Err(StagesFull::Labels) } else { Ok(()) }
    }

    /// Takes the label from whichever version has it.
    pub fn detach(&mut self, stage: &str) {
        self.take(stage);
        self.drop_unlabelled();
    }

    /// How many versions lost their last label between `before` and now.
    pub fn deprecated_since(&self, before: &Self) -> u32 {
        let lost = before.0.iter().filter(|version| self.version(&version.id).is_none()).count();
        u32::try_from(lost).unwrap_or(u32::MAX)
    }

    fn attach_one(&mut self, id: &VersionId, created: Timestamp, stage: &VersionStage) {
        if self.of(id).contains(stage) {
            return;
        }
        let left = self.take(stage.as_str());
        match self.0.iter_mut().find(|version| version.id == *id) {
            Some(version) => version.stages.push(stage.clone()),
            None => self.0.push(Labelled { id: id.clone(), created, stages: vec![stage.clone()] }),
        }
        if stage.as_str() == VersionStage::CURRENT
            && let Some((left, left_created)) = left
        {
            self.attach_one(&left, left_created, &VersionStage::previous());
        }
    }

    fn take(&mut self, stage: &str) -> Option<(VersionId, Timestamp)> {
        for version in &mut self.0 {
            if let Some(place) = version.stages.iter().position(|held| held.as_str() == stage) {
                version.stages.remove(place);
                return Some((version.id.clone(), version.created));
            }
        }
        None
    }

    fn drop_unlabelled(&mut self) {
        self.0.retain(|version| !version.stages.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn id(n: u8) -> VersionId {
        VersionId::parse(&format!("version-{n:0>32}")).unwrap()
    }

    fn stage(text: &str) -> VersionStage {
        VersionStage::parse(text).unwrap()
    }

    fn at(stages: &Stages, n: u8) -> Vec<&str> {
        stages.of(&id(n)).iter().map(VersionStage::as_str).collect()
    }

    const NOW: Timestamp = Timestamp::from_millis(0);

    #[test]
    fn previous_follows_current_and_custom_labels_stay() {
        // Recorded: v1 [AWSCURRENT, PUT0] -> [AWSPREVIOUS, PUT0] -> [PUT0].
        let mut stages = Stages::default();
        stages.attach(&id(1), NOW, &[stage("AWSCURRENT"), stage("PUT0")]).unwrap();
        stages.attach(&id(2), NOW, &[stage("AWSCURRENT")]).unwrap();
        assert_eq!(at(&stages, 1), ["PUT0", "AWSPREVIOUS"]);
        stages.attach(&id(3), NOW, &[stage("AWSCURRENT")]).unwrap();
        assert_eq!(at(&stages, 1), ["PUT0"]);
        assert_eq!(at(&stages, 2), ["AWSPREVIOUS"]);
        assert_eq!(at(&stages, 3), ["AWSCURRENT"]);
    }

    #[test]
    fn a_version_that_loses_its_last_label_is_deprecated() {
        let mut stages = Stages::default();
        for n in 1..=3 {
            let before = stages.clone();
            stages.attach(&id(n), NOW, &[stage("AWSCURRENT")]).unwrap();
            assert_eq!(stages.deprecated_since(&before), u32::from(n == 3));
        }
        assert!(stages.version(&id(1)).is_none());
    }

    #[test]
    fn going_back_to_the_previous_version_swaps_the_two() {
        let mut stages = Stages::default();
        stages.attach(&id(1), NOW, &[stage("AWSCURRENT")]).unwrap();
        stages.attach(&id(2), NOW, &[stage("AWSCURRENT")]).unwrap();
        stages.attach(&id(1), NOW, &[stage("AWSCURRENT")]).unwrap();
        assert_eq!(at(&stages, 1), ["AWSCURRENT"]);
        assert_eq!(at(&stages, 2), ["AWSPREVIOUS"]);
    }

    #[test]
    fn the_twenty_first_label_is_refused() {
        let mut stages = Stages::default();
        let labels: Vec<_> = (0..21).map(|n| stage(&format!("L{n}"))).collect();
        assert!(stages.clone().attach(&id(1), NOW, &labels[..20]).is_ok());
        assert_eq!(stages.attach(&id(1), NOW, &labels), Err(StagesFull::Labels));
    }

    proptest! {
        /// The model is a map from label to holder, with the one rule for AWSPREVIOUS.
        #[test]
        fn labels_behave_like_a_map_from_label_to_version(
            steps in prop::collection::vec((0..5u8, 0..5usize, any::<bool>()), 0..60)
        ) {
            let names = ["AWSCURRENT", "AWSPREVIOUS", "AWSPENDING", "A", "B"];
            let mut stages = Stages::default();
            let mut model: BTreeMap<&str, u8> = BTreeMap::new();
            for (version, label, detach) in steps {
                let name = names[label];
                if detach {
                    stages.detach(name);
                    model.remove(name);
                    continue;
                }
                stages.attach(&id(version), NOW, &[stage(name)]).unwrap();
                let left = model.insert(name, version);
                if name == "AWSCURRENT" && let Some(left) = left.filter(|left| *left != version) {
                    model.insert("AWSPREVIOUS", left);
                }
                for name in names {
                    let holder = stages.holder(name).map(|held| held.id.clone());
                    prop_assert_eq!(holder, model.get(name).map(|n| id(*n)));
                }
                prop_assert!(stages.iter().all(|version| !version.stages.is_empty()));
            }
        }
    }
}
