//! What a Jaeger collector says of sampling: the JSON form of `SamplingStrategyResponse`.

use serde::Deserialize;

/// What is kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Strategy {
    /// A part of all, from 0 to 1.
    Probabilistic(f64),
    /// Traces in a second.
    RateLimiting(f64),
    /// By the name of a trace's first span.
    ByOperation {
        /// The part for names that are not listed.
        default_fraction: f64,
        /// Traces in a second that every name may have at least.
        lower_bound: f64,
        /// Names and parts.
        operations: Vec<(String, f64)>,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(alias = "probabilistic_sampling")]
    probabilistic_sampling: Option<Probabilistic>,
    #[serde(alias = "rate_limiting_sampling")]
    rate_limiting_sampling: Option<RateLimiting>,
    #[serde(alias = "operation_sampling")]
    operation_sampling: Option<Operations>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Probabilistic {
    #[serde(alias = "sampling_rate")]
    sampling_rate: f64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RateLimiting {
    #[serde(alias = "max_traces_per_second")]
    max_traces_per_second: f64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Operations {
    #[serde(alias = "default_sampling_probability")]
    default_sampling_probability: f64,
    #[serde(alias = "default_lower_bound_traces_per_second")]
    default_lower_bound_traces_per_second: f64,
    #[serde(alias = "per_operation_strategies")]
    per_operation_strategies: Vec<Operation>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Operation {
    operation: String,
    #[serde(alias = "probabilistic_sampling")]
    probabilistic_sampling: Probabilistic,
}

/// Reads an answer. Where it says several things, the finest counts, as in the reference.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse(answer: &str) -> Result<Strategy, String> {
    let response: Response = serde_json::from_str(answer).map_err(|error| error.to_string())?;
    if let Some(by_operation) = response.operation_sampling {
        let operations = by_operation.per_operation_strategies.into_iter();
        return Ok(Strategy::ByOperation {
            default_fraction: by_operation.default_sampling_probability,
            lower_bound: by_operation.default_lower_bound_traces_per_second,
            operations: operations
                .map(|each| (each.operation, each.probabilistic_sampling.sampling_rate))
                .collect(),
        });
    }
    if let Some(probabilistic) = response.probabilistic_sampling {
        return Ok(Strategy::Probabilistic(probabilistic.sampling_rate));
    }
    if let Some(limit) = response.rate_limiting_sampling {
        return Ok(Strategy::RateLimiting(limit.max_traces_per_second));
    }
    Err("it names no strategy of sampling".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_strategy_is_read() {
        let answers = [
            (
                r#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.25}}"#,
                Ok(Strategy::Probabilistic(0.25)),
            ),
            (
                r#"{"strategyType":1,"rate_limiting_sampling":{"max_traces_per_second":3}}"#,
                Ok(Strategy::RateLimiting(3.0)),
            ),
            (
                r#"{"probabilisticSampling":{"samplingRate":1},"operationSampling":{"defaultSamplingProbability":0.1,"defaultLowerBoundTracesPerSecond":2,"perOperationStrategies":[{"operation":"GraphEvaluate","probabilisticSampling":{"samplingRate":1}}]}}"#,
                Ok(Strategy::ByOperation {
                    default_fraction: 0.1,
                    lower_bound: 2.0,
                    operations: vec![("GraphEvaluate".into(), 1.0)],
                }),
            ),
            ("{}", Err("it names no strategy of sampling".into())),
        ];
        for (answer, strategy) in answers {
            assert_eq!(parse(answer), strategy, "{answer}");
        }
        assert!(parse("<html>").is_err());
    }
}
