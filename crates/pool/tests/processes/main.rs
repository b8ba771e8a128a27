//! Tests of the pool with real processes.
//!
//! The tests have their own harness, because the workers are copies of this executable and must become workers before
//! anything else.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "some roles of this program print results for the test that started them"
)]

mod deaths;
mod futures;
mod job;
mod parents;
mod results;
mod sandbox;
mod turnover;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// Makes a trial of each function, named after it.
macro_rules! trials {
    ($($module:ident: $($name:ident),+ $(,)?;)+) => {
        vec![$($(Trial::test(concat!(stringify!($module), "::", stringify!($name)), || {
            $module::$name();
            Ok(())
        })),+),+]
    };
}

fn main() -> ExitCode {
    if let Some(code) = parents::run_without_serve() {
        return code;
    }
    if let Some(code) = gleaner_pool::serve::<job::Act>() {
        return code;
    }
    if let Some(code) = gleaner_pool::serve::<sandbox::Try>() {
        return code;
    }
    if let Some(code) = parents::run_role() {
        return code;
    }
    let trials = trials! {
        results:
            map_gives_the_same_results_as_a_sequential_map,
            an_endless_input_is_read_only_as_far_as_needed,
            unordered_results_arrive_in_the_order_in_which_they_are_done,
            outputs_of_every_size_come_back_byte_for_byte,
            an_output_over_the_limit_is_an_error_and_the_worker_goes_on,
            a_panic_is_an_error_with_its_location_and_the_worker_goes_on,
            a_long_panic_message_is_cut_and_the_worker_goes_on,
            a_failure_is_at_the_index_of_its_task,
            a_note_of_a_job_arrives_before_the_job_is_done,
            a_job_that_prints_or_reads_does_not_disturb_the_protocol,
            map_reduce_gives_the_sum_of_all_outputs_and_a_list_of_errors,
            several_threads_may_share_a_pool,
            several_threads_may_reduce_at_once_and_each_gets_its_own_sum,
            a_panic_while_a_task_is_read_or_its_output_written_is_an_error,
            outputs_that_cannot_be_merged_are_errors_in_the_parent_and_in_a_worker,
            no_worker_is_started_without_tasks,
            there_are_never_more_workers_than_tasks,
            outputs_that_find_no_memory_wait_and_their_workers_are_not_late;
        deaths:
            a_worker_that_dies_in_a_task_is_replaced_and_only_the_guilty_task_fails,
            an_exit_status_of_zero_does_not_count_as_success,
            an_idle_worker_that_is_killed_costs_no_task,
            a_kill_from_outside_blames_no_task,
            half_a_frame_is_discarded_with_its_worker,
            a_worker_that_sends_junk_is_replaced,
            a_worker_that_names_foreign_jobs_or_sends_messages_out_of_order_is_replaced,
            a_task_over_its_time_limit_is_killed_and_its_neighbours_are_not_blamed,
            if_every_second_task_hangs_only_those_tasks_fail,
            a_poison_task_among_five_hundred_costs_three_workers_and_no_other_task,
            a_worker_that_leaks_memory_is_replaced_after_its_task_and_no_task_is_lost,
            a_stopped_worker_is_replaced_and_no_task_is_blamed,
            a_pipe_that_a_grandchild_keeps_open_does_not_block_the_pool,
            a_task_over_the_memory_limit_is_killed,
            workers_that_cannot_start_end_the_pool_within_seconds,
            workers_that_start_two_times_in_three_are_enough,
            a_memory_limit_below_what_a_worker_needs_is_an_error;
        futures:
            many_runs_at_once_each_get_their_own_output,
            a_stream_gives_the_results_of_map_and_an_unordered_stream_adds_indices,
            a_task_that_kills_its_worker_is_an_error_only_in_its_own_future,
            a_future_that_is_dropped_while_it_waits_is_never_run,
            a_future_that_is_dropped_while_its_task_runs_does_not_block_the_pool,
            a_dropped_stream_starts_no_more_tasks_and_the_pool_goes_on,
            a_stream_takes_no_more_tasks_than_it_needs,
            a_runtime_with_one_thread_is_not_blocked_while_tasks_run,
            blocking_calls_inside_a_runtime_block_and_return,
            a_pool_may_take_its_tasks_from_another_pool,
            a_pool_that_cannot_start_workers_ends_every_future_with_the_reason;
        turnover:
            a_quota_of_one_gives_each_task_its_own_process,
            no_worker_gets_more_than_its_quota,
            a_planned_end_is_never_reported_as_a_death,
            jitter_only_reduces_the_quota,
            two_workers_with_a_quota_of_two_do_seven_tasks_in_four_rounds,
            replacements_are_ready_before_they_are_needed;
        parents:
            workers_die_if_their_parent_is_killed,
            processes_that_workers_started_die_if_the_parent_is_killed,
            a_thread_that_a_task_leaves_running_does_not_keep_its_worker_alive,
            a_dropped_core_ends_a_worker_that_has_not_read_all_its_input,
            a_program_that_does_not_call_serve_gets_an_error_and_no_tree_of_processes,
            a_program_that_prints_before_it_calls_serve_gets_an_error_that_says_so,
            a_pool_may_name_the_variable_that_makes_its_workers,
            a_pool_that_closes_while_workers_are_replaced_leaves_no_process,
            a_program_whose_executable_was_replaced_can_still_start_workers,
            dropping_a_pool_ends_its_workers_even_if_they_are_busy,
            dropping_a_pool_is_fast_while_large_outputs_arrive,
            workers_that_are_killed_before_they_are_ready_are_replaced,
            a_lack_of_file_descriptors_costs_workers_but_no_results;
        sandbox:
            a_confined_worker_can_do_nothing_that_it_does_not_need,
            a_confined_worker_can_do_everything_that_it_needs,
            every_thread_of_a_confined_worker_is_filtered_and_none_dumps_core,
            a_needed_file_that_only_root_can_read_stays_readable_and_no_other_right_stays,
            a_worker_gets_only_the_named_variables_of_its_parent,
            a_confined_worker_that_aborts_is_lost_like_any_other_worker,
            each_wall_works_without_the_other_and_the_missing_wall_is_named;
    };
    let mut arguments = Arguments::from_args();
    // Most tests only wait most of the time, so several can run at once.
    arguments.test_threads = arguments.test_threads.or(Some(4));
    libtest_mimic::run(&arguments, trials).exit_code()
}
